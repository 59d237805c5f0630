"""How a client of HTTP/2 trusts a server of the tests."""

import ssl


def trusting(root: bytes) -> ssl.SSLContext:
    """Return a context that trusts a root, in PEM, and chooses HTTP/2 by ALPN, as gRPC needs it."""
    context = ssl.create_default_context(cadata=root.decode())
    context.set_alpn_protocols(["h2"])
    return context
