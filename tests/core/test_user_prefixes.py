"""A server and its store agree on the prefixes of users when it starts, or it says what to do."""

from collections.abc import Collection, Mapping, Sequence

import pytest
from structlog.testing import capture_logs

from tests.support.builders import an_endpoint, put_endpoints
from tests.support.encoding import encode
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.app.user_prefixes import check_user_prefixes
from unisono.server.model import FeedKey
from unisono.server.store.base import StoreError

RENAMED = "the users of an app were renamed, and none of its issuers has their user_prefix"


async def warnings(
    *user_ids: str, issued: Collection[str], renamed: Sequence[str] = (), app_id: str = "mail.test"
) -> list[Mapping[str, object]]:
    """Check a store with these users of mail.test, and return what was logged."""
    store = MemoryStore(ids=SequentialIds(), encode=encode)
    store.prefixes = {"mail.test": renamed}
    for user_id in user_ids:
        await put_endpoints(store, an_endpoint("phone", feed=FeedKey("mail.test", user_id)))
    with capture_logs() as logs:
        await check_user_prefixes(store, {app_id: issued})
    return list(logs)


@pytest.mark.parametrize(
    ("user_ids", "issued"),
    [
        ([], ["a:"]),
        (["ada", "bob"], [""]),
        (["ada", "bob"], ["", "a:"]),
        (["ada", "a:bob"], ["a:"]),
        (["ada", "b:bob"], ["a:", "b:"]),
        (["a:"], ["a:"]),
        (["a:b:ada"], ["a:b:"]),
    ],
)
async def test_most_stores_are_as_they_should_be(user_ids: list[str], issued: list[str]) -> None:
    assert await warnings(*user_ids, issued=issued) == []


@pytest.mark.parametrize("user_ids", [["ada"], ["a", "b", "z"], ["c:ada", "a;ada", "B:bob"]])
async def test_none_starts_where_nobody_has_the_prefix(user_ids: list[str]) -> None:
    with pytest.raises(StoreError) as raised:
        await warnings(*user_ids, issued={"b:", "a:"})
    assert str(raised.value) == (
        "by the user_prefix of its issuers, each user of the app mail.test has an id that begins with a: or "
        "b:, but none in the store has; give them new ids with `unisono-server rename-users --app mail.test "
        "--prefix a:`, or take the user_prefix back"
    )
    assert await warnings(*user_ids, issued=["a:"], app_id="chat.test") == []


async def test_a_prefix_that_no_issuer_gives_any_more_is_warned_of() -> None:
    """After a second rename, ids begin with both."""
    expected = {"event": RENAMED, "log_level": "warning", "app": "mail.test", "prefix": "b:"}
    for issued in ([""], ["a:"], ["b"], ["a:b:"]):
        assert await warnings("b:a:ada", issued=issued, renamed=["b:", "a:"]) == [expected]
    for issued in (["b:a:"], ["b:"], ["", "b:"]):
        assert await warnings("b:a:ada", issued=issued, renamed=["b:", "a:"]) == []
