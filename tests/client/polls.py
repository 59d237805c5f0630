"""Lists of what changed, as a backend that polls asks for them."""

from collections.abc import Iterable
from typing import Any

from tests.support.services import Service
from unisono.client import (
    Change,
    Notification,
    Publisher,
)
from unisono.client._wire.methods import LIST
from unisono.v1.notification_service_pb2 import ListNotificationsRequest, ListNotificationsResponse


async def polled(publisher: Publisher, after: int = 0, **options: Any) -> tuple[list[Change], int]:
    changes = publisher.changes("ada", after, **options)
    return [change async for change in changes], changes.last_revision


def named(changes: Iterable[Change]) -> list[str]:
    """Titles of what is there, and keys of what is gone."""
    return [c.title if isinstance(c, Notification) else f"-{c.app_notification_id}" for c in changes]


async def page(service: Service, token: str = "", **fields: Any) -> ListNotificationsResponse:
    request = ListNotificationsRequest(**{"user_id": "ada", "changed_after": 0, **fields})
    return await service.transport.unary(LIST, request, token=token or service.app_token(), timeout=20)


async def pages(service: Service, token: str = "", **fields: Any) -> list[ListNotificationsResponse]:
    found = [await page(service, token, **fields)]
    while found[-1].next_page_token:
        found.append(await page(service, token, page_token=found[-1].next_page_token, **fields))
    return found
