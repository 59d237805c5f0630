"""Which files every user of the machine may read, and how to say so of one that holds a secret.

As PostgreSQL and OpenSSH do with keys, the server refuses those. The group may read them: that is how a
machine's TLS keys are shared (ssl-cert on Debian), and how secrets are mounted into containers.
"""

import stat


def open_to_all(mode: int) -> bool:
    """Whether all users may read or write a file of this mode. A pipe, for example, is none."""
    return stat.S_ISREG(mode) and bool(mode & stat.S_IRWXO)


def exposed(file: object, what: str) -> str:
    """What is wrong with a file that is open to all and holds a secret, and what to do."""
    return f"{file} holds {what}, and every user of this machine may use it: run chmod o-rwx {file}"
