"""A scratch folder standing for a machine: a clone of the project, and what an operator has outside of it."""

import sys
from pathlib import Path
from typing import Final

import trustme

from tests.access.signing import ec_key, jwk, jwks_file

ROOT: Final = Path(__file__).parents[2]

#: The folders that documents name, which are exchanged for some in the machine.
OUTSIDE: Final = ("/etc/", "/var/lib/")
#: What a clone does not have, or what is made in it anew.
OWN: Final = (".cache", ".git", ".venv", "Makefile", "var")


def clone(machine: Path, makefile: str) -> Path:
    """A folder with everything that a clone has, with the environment of these tests and this Makefile."""
    folder = machine / "clone"
    folder.mkdir(parents=True)
    for path in ROOT.iterdir():
        if path.name not in OWN:
            (folder / path.name).symlink_to(path)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "Makefile").write_text(makefile)
    return folder


def furnish(machine: Path) -> None:
    """What a server needs: a certificate and its key, the keys of an issuer, a place for the store."""
    settings = machine / "etc" / "unisono"
    settings.mkdir(parents=True)
    issued = trustme.CA().issue_cert("127.0.0.1")
    (settings / "key.pem").touch(0o600)
    issued.private_key_pem.write_to_path(settings / "key.pem")
    issued.cert_chain_pems[0].write_to_path(settings / "certificate.pem")
    jwks_file(settings, jwk(ec_key(), kid="2026", alg="ES256", use="sig"))
    (machine / "var" / "lib" / "unisono").mkdir(parents=True)
