"""Hints on where to get access tokens for a first try. Pure functions."""


def source(*, app: bool) -> str:
    """Return where to get a token of an app, or of a user: from the files of `make serve`, or any server."""
    return f"for a server of `make serve`: $(cat var/{'app' if app else 'ada'}.token); {_minted(app=app)}"


def renewed(*, app: bool) -> str:
    """Return where to get a new token; the files of `make serve` are not named, as old as the server."""
    return f"{_minted(app=app)}, which for `make serve` is sqlite:///var/unisono.db"


def _minted(*, app: bool) -> str:
    user = "" if app else " --user ada"
    return (
        f"for any server with --dev: $(unisono-server token --store STORE{user}) with the server's own STORE"
    )
