"""Measures networks against each other, ours and those of other libraries, in turns within one process."""
