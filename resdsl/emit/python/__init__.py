"""Graph → the text of a PyTorch file; nothing here imports torch."""
