"""Graph → Graph: a file for each rewriting, checked before and after."""
