"""Scenes to formats."""
