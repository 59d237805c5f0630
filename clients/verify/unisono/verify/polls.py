"""Finds polls: lists of what changed in a feed since a revision, page by page to their end."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.feeds import FeedKey, feed_of
from unisono.verify.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What a client was told to have changed in a feed after the revision `after`, up to `last_revision`.

    `found` has the largest revision of each notification, by id. `began` is when its last page was requested,
    in seconds since 1970: what was committed by then is in it.
    """

    feed: FeedKey
    after: int
    last_revision: int
    found: Mapping[str, int]
    began: float

    @property
    def name(self) -> str:
        """Return a name for people: the feed, and what was asked for when."""
        return f"the changes of {self.feed.user_id} after {self.after}, listed at {self.began:.3f},"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """An answered page, with the times of its call."""

    feed: FeedKey
    asked: pb.ListNotificationsRequest
    answer: pb.ListNotificationsResponse
    began: float
    ended: float


#: A feed, and the token that a page of it was asked for with.
_PageKey = tuple[FeedKey, str]


def polls_of(history: History) -> Iterator[Poll]:
    """Yield each poll of a whole feed that came to its end; those of an endpoint are left out."""
    pages = list(_pages_of(history))
    by_token: dict[_PageKey, list[_Page]] = defaultdict(list)
    for page in pages:
        by_token[page.feed, page.asked.page_token].append(page)
    for page in pages:
        if not page.asked.page_token:
            chain = _followed(page, by_token)
            if not chain[-1].answer.next_page_token:
                yield _poll(chain)


def _pages_of(history: History) -> Iterator[_Page]:
    for call in history.calls:
        asked, answer = call.request, call.answer
        if not isinstance(asked, pb.ListNotificationsRequest) or not asked.HasField("changed_after"):
            continue
        if isinstance(answer, pb.ListNotificationsResponse) and not asked.endpoint_id:
            yield _Page(feed=feed_of(call), asked=asked, answer=answer, began=call.began, ended=call.ended)


def _followed(first: _Page, by_token: Mapping[_PageKey, Sequence[_Page]]) -> list[_Page]:
    """Return the pages of one poll, as far as they are known.

    Polls of several clients may have equal tokens; what counts is that each page was read after the one
    before.
    """
    chain = [first]
    while token := chain[-1].answer.next_page_token:
        before = chain[-1].ended
        later = [page for page in by_token.get((first.feed, token), ()) if page.ended > before <= page.began]
        following = min(later, key=lambda page: page.ended, default=None)
        if following is None:
            break
        chain.append(following)
    return chain


def _poll(chain: Sequence[_Page]) -> Poll:
    found: dict[str, int] = {}
    for page in chain:
        live = ((row.id, row.revision) for row in page.answer.notifications)
        gone = ((row.id, row.revision) for row in page.answer.removed_notifications)
        for id_, revision in (*live, *gone):
            found[id_] = max(revision, found.get(id_, 0))
    return Poll(
        feed=chain[0].feed,
        after=chain[0].asked.changed_after,
        last_revision=chain[-1].answer.last_revision,
        found=found,
        began=chain[-1].began,
    )
