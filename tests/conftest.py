"""What all tests share."""

from collections.abc import Iterator

import pytest

from unisono.server.store.sqlite import file


@pytest.fixture(autouse=True, scope="session")
def short_logs() -> Iterator[None]:
    """Tests open thousands of stores: a short log is made in no time, and is written back more often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file, "LOG_PAGES", 100)
        yield
