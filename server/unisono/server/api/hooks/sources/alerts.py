"""Alertmanager (webhooks of version 4) and Grafana, whose alerts come in the same shape with something added.

A group of alerts is one notification: what has its key is rewritten while alerts come and go, and read once
all are resolved. Then it says so: else the same alert that fires again would be taken for a repetition.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from unisono.server.api.hooks.document import Document, items, text, texts
from unisono.server.api.hooks.event import News, Settled, Told
from unisono.server.errors import InvalidRequest
from unisono.server.model import Priority

ALERTS_SHOWN: Final = 10

_LABELS_SHOWN: Final = 5

_PRIORITIES: Final = {
    **dict.fromkeys(("critical", "page", "emergency", "high"), Priority.HIGH),
    **dict.fromkeys(("info", "none", "low", "debug"), Priority.LOW),
}

_SUMMARIES: Final = ("summary", "description", "message")


def read(headers: Mapping[str, str], body: Document) -> Told:
    """Return what a group of alerts tells."""
    key = text(body, "groupKey")
    if not key:
        raise InvalidRequest.of("groupKey", "is required")
    match text(body, "status"):
        case "resolved":
            return Settled(key=key, news=_news(key, body, items(body, "alerts"), resolved=True))
        case "firing":
            firing = [one for one in items(body, "alerts") if text(one, "status") != "resolved"]
            return _news(key, body, firing, resolved=False)
        case _:
            raise InvalidRequest.of("status", "must be firing or resolved")


def _news(key: str, body: Document, alerts: list[Any], *, resolved: bool) -> News:
    common = texts(body, "commonLabels")
    name = common.get("alertname") or text(body, "groupLabels", "alertname") or text(body, "receiver")
    count = " (resolved)" if resolved else f" ({len(alerts)} firing)" if len(alerts) != 1 else ""
    first = alerts[0] if alerts else {}
    # A group that fires again has the same texts as before, and yet is something new.
    since = max((text(one, "startsAt") for one in alerts), default="")
    own = {"starts_at": since, "firing": "0" if resolved else str(len(alerts))}
    return News(
        key=key,
        title=text(body, "title") or f"{name or 'alert'}{count}",
        body="\n".join(_lines(alerts, common, text(body, "truncatedAlerts"))),
        link=next(_links(first, body), ""),
        image_url=text(first, "imageURL"),
        group=name,
        category="alert",
        priority=_PRIORITIES.get(common.get("severity", "").lower(), Priority.UNSPECIFIED),
        data={**own, **common, **own},
        replaces=True,
        silent=resolved,
    )


def _lines(alerts: list[Any], common: Mapping[str, str], truncated: str) -> Iterator[str]:
    for alert in alerts[:ALERTS_SHOWN]:
        told = [text(alert, "annotations", name) for name in _SUMMARIES]
        found = list(dict.fromkeys(filter(None, told)))
        yield "\n".join(found) if found and len(alerts) == 1 else next(iter(found), _labels(alert, common))
    left = max(len(alerts) - ALERTS_SHOWN, 0) + (int(truncated) if truncated.isdecimal() else 0)
    if left:
        yield f"and {left} more"


def _labels(alert: object, common: Mapping[str, str]) -> str:
    """Return what tells an alert from the others of its group."""
    own = [f"{name}={found}" for name, found in texts(alert, "labels").items() if name not in common]
    return ", ".join(own[:_LABELS_SHOWN])


def _links(alert: object, body: Document) -> Iterator[str]:
    """Yield what could be opened, of a panel of Grafana first."""
    for found in (
        *(text(alert, name) for name in ("panelURL", "dashboardURL", "generatorURL")),
        text(body, "externalURL"),
    ):
        if found.startswith(("https://", "http://")):
            yield found
