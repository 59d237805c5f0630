"""The names that a user had before the users of its app were renamed, as the store remembers."""

from collections.abc import Iterator, Mapping, Sequence

from unisono.server.model import FeedKey


def former_keys(feed: FeedKey, prefixes: Mapping[str, Sequence[str]]) -> Iterator[FeedKey]:
    """Yield the keys that a feed may have had, the last one first; `prefixes` are those of `Store`.

    A bar of one of these is the user's, and so is a resume token. Whoever has the prefix without having been
    renamed is not told apart: that bars nobody who is somebody else, and the token opens nothing.
    """
    user_id = feed.user_id
    for prefix in prefixes.get(feed.app_id, ()):
        if user_id.startswith(prefix):
            user_id = user_id.removeprefix(prefix)
            yield FeedKey(feed.app_id, user_id)
