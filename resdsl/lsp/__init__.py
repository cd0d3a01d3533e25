"""What an editor asks about specs: a service in plain Python, and the server that speaks the protocol for it."""
