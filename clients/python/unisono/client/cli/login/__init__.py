"""Signing a person in at an OpenID provider, and the tokens that come of it. Knows nothing of the service."""
