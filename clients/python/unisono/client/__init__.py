"""The Python SDK of Unisono: send to users, and be a device that is in unison with all the others.

- `Publisher` sends; `BlockingPublisher` does the same without an event loop.
- `Device` receives: it holds an inbox, and says what changed and when to ring. `BlockingDevice` is its twin.
- `TokenSigner` signs the tokens of both, for a backend that knows who is signed in.
- Every error is a `UnisonoError`, whose tree `help(UnisonoError)` draws; a wrong argument is a `TypeError`.
- `unisono.client.testing` has the service in memory, for the tests of programs that use this SDK.
- `create_channel`, `bearer` and `from_rpc_error` serve those who call the stubs of `unisono.v1` themselves.
"""

from typing import TYPE_CHECKING

from unisono.client import _fork_support as _fork_support  # first of all, before gRPC is loaded

if TYPE_CHECKING:
    from unisono.client._facade import *  # noqa: F403  all that is promised, and nothing else
else:

    def __getattr__(name):
        """Load the SDK when the first name is asked for: the command's --help need not wait for gRPC."""
        if name == "__all__" or not name.startswith("_"):
            from unisono.client import _facade

            if name == "__all__" or name in _facade.__all__:
                return getattr(_facade, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return list(__getattr__("__all__"))
