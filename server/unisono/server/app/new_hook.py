"""Makes a hook: its id, its secret, and the lines of the configuration that declare it."""

import hashlib
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from unisono.server.config import Settings
from unisono.server.config.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHook:
    """A hook that is not declared yet.

    `secret_file` is where a server is to read its secret; None where it is to know the hash of it alone.
    """

    hook_id: str
    app: str
    user: str
    source: str
    secret: str = field(repr=False)
    secret_file: Path | None

    @classmethod
    def make(cls, app: str, user: str, source: str, secret_file: Path | None) -> "NewHook":
        """Return a new one: its id has 128 random bits, its secret 256. GitHub signs, and has a file."""
        hook_id = secrets.token_urlsafe(16)
        if secret_file is None and source == "github":
            secret_file = Path(f"hook-{hook_id}.secret")
        return cls(
            hook_id=hook_id,
            app=app,
            user=user,
            source=source,
            secret=secrets.token_urlsafe(32),
            secret_file=None if secret_file is None else secret_file.resolve(),
        )

    @property
    def lines(self) -> str:
        """The table of the configuration, in TOML, whose plain strings are those of JSON."""
        values = {"id": self.hook_id, "app": self.app, "user": self.user, "source": self.source}
        if self.secret_file is None:
            values["secret_sha256"] = hashlib.sha256(self.secret.encode()).hexdigest()
        else:
            values["secret_file"] = str(self.secret_file)
        return "\n".join(
            (
                "[[hooks]]",
                *(f"{name} = {json.dumps(text, ensure_ascii=False)}" for name, text in values.items()),
            )
        )

    def address(self, settings: Settings) -> str:
        """Return its address at a server with these settings, as this server itself knows it."""
        listen = Address.parse(settings.listen)
        scheme = "http" if settings.tls_certificate is None else "https"
        return f"{scheme}://{'localhost' if listen.path else settings.listen}/hooks/{self.hook_id}"

    def write_secret(self) -> None:
        """Write the secret where a server is to read it, for the owner alone.

        Raises `OSError`, also where the file is there already.
        """
        if self.secret_file is not None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(self.secret_file, flags, mode=0o600), "w") as opened:
                opened.write(self.secret + "\n")
