"""Where people who try things out get access tokens. Pure."""


def source(*, app: bool) -> str:
    """Of an app or of a user: those that `make serve` leaves in files, and those of other servers."""
    return f"for a server of `make serve`: $(cat var/{'app' if app else 'ada'}.token); {_minted(app=app)}"


def renewed(*, app: bool) -> str:
    """The same, but never one that is old: the files are as old as the server."""
    return f"{_minted(app=app)}, which for `make serve` is sqlite:///var/unisono.db"


def _minted(*, app: bool) -> str:
    user = "" if app else " --user ada"
    return (
        f"for any server with --dev: $(unisono-server token --store STORE{user}) with the server's own STORE"
    )
