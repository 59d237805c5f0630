"""The keys with which issuers sign their tokens: where they come from, and that they change while it runs.

Knows nothing of tokens, apps and users.
"""
