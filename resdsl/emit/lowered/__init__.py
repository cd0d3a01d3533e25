"""A lowered network → the text of a Python file of pure functions; nothing here imports torch."""
