"""What goes wrong with a sign-in. No message has a token."""


class LoginError(Exception):
    """A sign-in or its tokens failed: the message says what happened, `hint` what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NotReached(LoginError):
    """The provider could not be reached, or did not answer as one does: it may pass."""


class SignInNeeded(LoginError):
    """There are no tokens any more: only the person can go on."""


class Refused(LoginError):
    """The provider said no. `code` is the `error` of OAuth, such as access_denied."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.code = code
