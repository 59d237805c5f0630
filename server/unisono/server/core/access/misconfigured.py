"""The error of apps, issuers and keys that are declared in a way that cannot be trusted."""


class AccessMisconfigured(Exception):
    """Raised for apps, issuers and keys that cannot be used as declared. The message is for the operator."""
