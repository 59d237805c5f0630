"""Servers whose only issuer is a provider, and the ids of its users."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.interop.oidc_provider.grants import BACKEND, PHONE
from tests.interop.oidc_provider.process import AUDIENCE, Provider
from tests.support.processes import NOBODY, ServerProcess, serving


def config(provider: Provider) -> str:
    """What an operator declares: the preset of the provider's shape, and nothing that a provider can say."""
    return f"""
[[apps]]
app_id = "mail.test"
client_ids = ["{PHONE}"]
publisher_client_ids = ["{BACKEND}"]

[[issuers]]
issuer = "{provider.issuer}"
preset = "{provider.shape}"
audience = "{AUDIENCE}"
"""


@contextmanager
def trusting(provider: Provider, folder: Path) -> Iterator[ServerProcess]:
    """Run `unisono-server serve --config`."""
    file = folder / "unisono.toml"
    file.write_text(config(provider))
    with serving(folder / "unisono.db", "--config", file, env=NOBODY) as server:
        yield server
