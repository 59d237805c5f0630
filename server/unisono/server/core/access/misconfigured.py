"""The error of apps, issuers and keys that are declared in a way that cannot be trusted."""


class AccessMisconfigured(Exception):
    """An app, an issuer or a key cannot be used as declared. The message is for the operator."""
