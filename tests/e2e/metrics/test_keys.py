"""The metrics tell whose keys cannot be fetched, by the names that the operator gave to issuers."""

from pathlib import Path

import pytest

from tests.support.clocks import FakeClock
from tests.support.nodes import Setup
from tests.support.scraping import scraped
from tests.support.tokens import SECRET
from unisono.server.keys.base import FetchError, FixedKeys, Key, UnusableKeys
from unisono.server.keys.files import KeyFile
from unisono.server.keys.formats import key_of_secret, keys_of_secrets
from unisono.server.keys.remote import Freshness, RemoteKeys


class Published:
    """What an issuer publishes, unless it is down."""

    is_down = False

    async def __call__(self) -> list[Key]:
        if self.is_down:
            raise FetchError("it is down")
        return [key_of_secret(SECRET)]

    async def close(self) -> None:
        """There is nothing to close."""


async def test_keys_that_are_fetched(tmp_path: Path) -> None:
    clock, published = FakeClock(), Published()
    keys = RemoteKeys("login", published, clock, Freshness(refresh=300, stale_max=3600))
    async with scraped(Setup(path=tmp_path / "unisono.db"), issuers=(("login", keys),)) as served:
        told = await served.scrape()
        assert told.value("unisono_issuer_keys_available", issuer="login") == 0
        assert not told.has("unisono_issuer_keys_age_seconds")

        await keys.start()
        await served.until(lambda told: told.value("unisono_issuer_keys_available", issuer="login") == 1)
        published.is_down = True
        clock.advance(400)

        told = await served.until(
            lambda told: told.value("unisono_issuer_keys_failures_total", issuer="login") == 1
        )
        assert told.value("unisono_issuer_keys_available", issuer="login") == 1
        assert told.value("unisono_issuer_keys_age_seconds", issuer="login") == 400
        clock.advance(3300)
        told = await served.scrape()
        assert told.value("unisono_issuer_keys_available", issuer="login") == 0
        assert told.value("unisono_issuer_keys_age_seconds", issuer="login") == 3700
        await keys.close()


async def test_keys_that_are_here(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    held, fixed = KeyFile(file, keys_of_secrets, FakeClock()), FixedKeys(key_of_secret(SECRET))
    issuers = (("file", held), ("fixed", fixed))
    async with scraped(Setup(path=tmp_path / "unisono.db"), issuers=issuers) as served:
        file.write_text("")
        with pytest.raises(UnusableKeys):
            keys_of_secrets("", "")
        held.reload()
        told = await served.scrape()

    for name, failures in (("file", 1), ("fixed", 0)):
        assert told.value("unisono_issuer_keys_available", issuer=name) == 1
        assert told.value("unisono_issuer_keys_failures_total", issuer=name) == failures
    assert not told.has("unisono_issuer_keys_age_seconds")
