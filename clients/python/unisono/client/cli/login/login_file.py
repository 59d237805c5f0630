"""The file that keeps a login: one for each target, for its owner alone, and written as a whole."""

import json
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from unisono.client.cli.login.errors import LoginError, SignInNeeded
from unisono.client.cli.login.sign_in import Login
from unisono.client.cli.state_folder import state_folder

#: More than any login has, in bytes.
_LARGEST: Final = 1_000_000

#: Seconds until a lock that another command holds is tried again.
_AGAIN: Final = 0.02


class LoginFile:
    """The login of a target. Whoever renews it holds the lock: a refresh token may be good only once."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.path = _folder() / f"{quote(target, safe='')}.json"

    @property
    def exists(self) -> bool:
        """Whether somebody has signed in."""
        return os.path.lexists(self.path)

    def read(self) -> Login:
        """Return the login. Raises `SignInNeeded` where there is none, `LoginError` for an unsafe file."""
        try:
            text = self._text()
        except FileNotFoundError:
            raise SignInNeeded(
                f"nobody is signed in to {self.target}", "unisono login signs you in"
            ) from None
        try:
            return Login.from_json(json.loads(text))
        except (ValueError, AttributeError, RecursionError):
            raise LoginError(
                f"{self.path} holds no login", "unisono login with --issuer and --client-id writes it anew"
            ) from None

    def write(self, login: Login) -> None:
        """Keep a login in the place of any other, which needs the lock."""
        draft = self.path.with_suffix(".new")
        opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(opened, "w") as file:  # noqa: PTH123  only so it is opened with a mode
            os.fchmod(opened, 0o600)
            json.dump(login.to_json(), file)
            file.flush()
            os.fsync(opened)
        draft.replace(self.path)

    def remove(self) -> None:
        """Keep no login any more, which needs the lock."""
        self.path.unlink(missing_ok=True)

    @contextmanager
    def locked(self, timeout: float) -> Iterator[None]:
        """Keep other commands from renewing the login. Raises `LoginError` after `timeout` seconds."""
        for folder in (self.path.parent.parent, self.path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            _lock(lock, time.monotonic() + timeout, self.target)
            yield
        finally:
            os.close(lock)

    def _text(self) -> str:
        with open(os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)) as file:  # noqa: PTH123  no link is followed
            found = os.fstat(file.fileno())
            mode = stat.S_IMODE(found.st_mode)
            if found.st_uid != os.getuid() or mode & 0o077:
                raise LoginError(
                    f"{self.path} may be read by others: its mode is {mode:o}",
                    f"chmod 600 {self.path}, and sign in anew if others use this machine: unisono login",
                )
            return file.read(_LARGEST)


def check_platform() -> None:
    """Raise `LoginError` on Windows, where a file has no mode that keeps others out, nor such locks."""
    if sys.platform == "win32":
        raise LoginError("unisono login is not for Windows", "pass --token-command")


def _folder() -> Path:
    try:
        return state_folder() / "logins"
    except RuntimeError:
        raise LoginError(
            "there is no home to keep a login in", "set XDG_STATE_HOME, or pass --token"
        ) from None


def _lock(lock: int, deadline: float, target: str) -> None:
    import fcntl

    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LoginError(f"another command is renewing the login to {target}", "try again") from None
            time.sleep(_AGAIN)
        else:
            return
