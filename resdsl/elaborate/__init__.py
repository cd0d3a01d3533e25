"""From syntax to graph: names, values, blocks, shortcuts, links and schedules resolved, every shape inferred."""
