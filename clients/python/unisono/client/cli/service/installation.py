"""What tells this installation from others on hosts of the same name, such as `3d1219c7`.

Hosts that systemd set up have a machine id. Others keep a random one in the user's state. It tells
devices apart, and is no secret.
"""

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path
from typing import Final

from unisono.client.cli.state_folder import state_folder

#: https://www.freedesktop.org/software/systemd/man/latest/machine-id.html
MACHINE_IDS: Final = ("/etc/machine-id", "/var/lib/dbus/machine-id")

_MACHINE_ID: Final = re.compile(r"[0-9a-f]{32}\n?")
_TAG: Final = re.compile(r"[0-9a-f]{8}\n?")

#: What the machine id is hashed with: it must not be told to others as it is, says its page.
_APPLICATION: Final = b"unisono endpoint"


def installation() -> str:
    """Return eight hexadecimal digits; empty where the machine has no id and none can be kept."""
    return _of_machine() or _kept()


def _of_machine() -> str:
    for path in MACHINE_IDS:
        found = _read(Path(path), _MACHINE_ID)
        if found:
            return hmac.new(bytes.fromhex(found), _APPLICATION, hashlib.sha256).hexdigest()[:8]
    return ""


def _kept() -> str:
    """Return the id in the user's state, made at the first call, whichever process is the first."""
    try:
        file = state_folder() / "installation"
        found = _read(file, _TAG)
        if not found:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_new(file, secrets.token_hex(4))
        return found or _read(file, _TAG)
    except (OSError, RuntimeError):  # a state that cannot be written, or a user without a home
        return ""


def _write_new(file: Path, text: str) -> None:
    """Write a file as a whole, unless another process was faster."""
    draft = file.with_name(f"{file.name}-{text}")
    draft.write_text(text)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read(file: Path, form: re.Pattern[str]) -> str:
    """Return what is in a file of this form; empty for any other, and where there is none."""
    try:
        text = file.read_text(errors="replace")
    except OSError:
        return ""
    return text.strip() if form.fullmatch(text) else ""
