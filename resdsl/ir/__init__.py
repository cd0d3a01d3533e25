"""The graph: what a network is, its checks, its digest, its forms as text and JSON."""
