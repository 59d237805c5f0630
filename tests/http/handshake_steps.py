"""Counts the steps of handshakes that a server takes."""

from typing import Any

import pytest

from unisono.server.api.http.tls.handshakes import Handshakes


class HandshakeSteps:
    """How many have been asked for: `taken`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken = 0
        take = Handshakes.take

        def counted(handshakes: Handshakes, *step: Any) -> None:
            self.taken += 1
            take(handshakes, *step)

        monkeypatch.setattr(Handshakes, "take", counted)
