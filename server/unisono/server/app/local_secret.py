"""A secret in a file beside the store, made where there is none, which only its owner may read."""

import base64
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.keys.formats import SECRET_BYTES_MIN


@dataclass(frozen=True, slots=True)
class LocalSecret:
    """The secret in `file`; `name` is what it is called, such as "development key"."""

    file: Path
    name: str

    def read_or_make(self) -> str:
        """Return the secret, creating it if missing.

        Raises `AccessMisconfigured` as `read` does, and when its folder is missing.
        """
        folder = self.file.parent
        if not folder.is_dir():
            raise AccessMisconfigured(f"the folder {folder} does not exist; make it, or use another store")
        try:
            if not self.file.exists():
                self._make()
        except OSError as error:
            raise self._unusable(error) from error
        return self.read()

    def read(self) -> str:
        """Return the secret.

        Raises `AccessMisconfigured` when there is none, when it cannot be read, others may read it, or it is
        damaged.
        """
        try:
            if self.file.stat().st_mode & 0o077:
                raise AccessMisconfigured(f"others may read the {self.name}: run chmod 600 {self.file}")
            text = self.file.read_text(encoding="utf-8", errors="replace").strip()
        except OSError as error:
            raise self._unusable(error) from error
        if len(text) < SECRET_BYTES_MIN:
            raise AccessMisconfigured(
                f"the {self.name} {self.file} is damaged; remove it, and a new one is made"
            )
        return text

    def _make(self) -> None:
        """Create the file as a whole or not at all, never replacing one that was created at the same time."""
        descriptor, name = tempfile.mkstemp(prefix=f"{self.file.name}.", dir=self.file.parent)
        try:
            with os.fdopen(descriptor, "wb") as partial:
                partial.write(base64.b64encode(secrets.token_bytes(SECRET_BYTES_MIN)) + b"\n")
            self.file.hardlink_to(name)
        except FileExistsError:
            return
        finally:
            Path(name).unlink()

    def _unusable(self, error: OSError) -> AccessMisconfigured:
        why = f"the {self.name} {self.file} cannot be used: {error.strerror}"
        if isinstance(error, PermissionError):
            why += "; run this as the user that the server runs as"
        return AccessMisconfigured(why)
