"""Compiles an emitted module in place: each distinct unit once, forward and backward, however many blocks there are."""
