"""Finds out whether every user of the machine may use a file that holds a secret.

The server refuses such files, as PostgreSQL and OpenSSH do with keys. The group may read them: that is how a
machine's TLS keys are shared (ssl-cert on Debian), and how secrets are mounted into containers.
"""

import stat


def accessible_to_all_users(mode: int) -> bool:
    """Return whether a regular file with this mode (`st_mode`) gives any access to all users.

    Other files, such as pipes, count as private.
    """
    return stat.S_ISREG(mode) and bool(mode & stat.S_IRWXO)


def exposed(file: object, what: str) -> str:
    """Return the message for a file that is open to all and holds `what`, with the command that helps."""
    return f"{file} holds {what}, and every user of this machine may use it: run chmod o-rwx {file}"
