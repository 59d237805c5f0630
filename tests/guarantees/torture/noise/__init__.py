"""Somebody who asks a server for much, in a process of its own, so that only the server is made to wait."""
