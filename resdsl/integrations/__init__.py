"""Adapters to other libraries, one file each; none is imported unless its library is in use."""
