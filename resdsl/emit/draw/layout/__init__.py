"""View models to scenes: where everything stands, in plain arithmetic."""
