"""HTTP/2 (RFC 9113) as a server speaks it, without I/O: bytes go in, events and bytes come out.

Each module knows one thing, and is tried without a socket. Time comes from whoever drives it.
"""
