"""A group of alerts is one notification: it changes with the group, and is read once all are resolved."""

from typing import Any

import pytest

from tests.support.api_client import READ, UNREAD, ApiClient
from tests.support.hooked import Answer, bearer, encoded, post, signature
from tests.support.nodes import Running
from unisono.v1 import notification_pb2 as pb

NEVER = "0001-01-01T00:00:00Z"


def alert(instance: str, *, status: str = "firing", since: str = "2026-11-30T08:15:00.5Z") -> dict[str, Any]:
    """Return an alert as Alertmanager has it."""
    return {
        "status": status,
        "labels": {"alertname": "DiskFull", "instance": instance, "severity": "critical"},
        "annotations": {"summary": f"{instance} has 2 % left", "description": "It fills in an hour."},
        "startsAt": since,
        "endsAt": "2026-11-30T09:00:00Z" if status == "resolved" else NEVER,
        "generatorURL": "http://prometheus.example:9090/graph?g0.expr=disk",
        "fingerprint": f"{len(instance):016x}",
    }


def group(*alerts: dict[str, Any], status: str = "firing", **changes: Any) -> dict[str, Any]:
    """Return a group as Alertmanager sends it, in version 4."""
    return {
        "version": "4",
        "groupKey": '{}/{severity="critical"}:{alertname="DiskFull"}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "unisono",
        "groupLabels": {"alertname": "DiskFull"},
        "commonLabels": {"alertname": "DiskFull", "severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "alerts": list(alerts),
        **changes,
    }


KEY = group()["groupKey"]


async def tell(node: Running, document: dict[str, Any], hook_id: str = "alertmanager") -> Answer:
    answer = await post(node, hook_id, encoded(document), bearer())
    assert answer.status == 200, answer
    return answer


async def test_what_is_shown_of_one_alert(node: Running, ada: ApiClient) -> None:
    assert (await tell(node, group(alert("db-1")))).body["result"] == "sent"

    shown = await ada.get(key=KEY)
    content = shown.payload.visual_content
    assert content.title == "DiskFull"
    assert content.body == "db-1 has 2 % left\nIt fills in an hour."
    assert content.link == "http://prometheus.example:9090/graph?g0.expr=disk"
    assert (shown.group_name, shown.category, shown.priority) == ("DiskFull", "alert", pb.PRIORITY_HIGH)
    assert shown.payload.data["severity"] == "critical"


async def test_what_is_shown_of_many(node: Running, ada: ApiClient) -> None:
    many = [alert(f"db-{n}") for n in range(12)]
    many[1]["annotations"] = {}
    await tell(node, group(alert("web", status="resolved"), *many, truncatedAlerts=3))

    content = (await ada.get(key=KEY)).payload.visual_content
    assert content.title == "DiskFull (12 firing)"
    lines = content.body.splitlines()
    assert lines[:2] == ["db-0 has 2 % left", "instance=db-1"]
    assert (len(lines), lines[-1]) == (11, "and 5 more")


async def test_a_group_that_changes_rewrites_its_notification(node: Running, ada: ApiClient) -> None:
    first = await tell(node, group(alert("db-1")))
    more = await tell(node, group(alert("db-1"), alert("db-2", since="2026-11-30T08:20:00Z")))

    assert more.body == {"result": "sent", "id": first.body["id"]}
    (shown,) = (await ada.history()).notifications
    assert shown.payload.visual_content.title == "DiskFull (2 firing)"
    assert shown.alert_revision == shown.revision == 2


async def test_what_is_resolved_is_read_and_rings_again_when_it_fires_again(
    node: Running, ada: ApiClient
) -> None:
    fired, resolved = group(alert("db-1")), group(alert("db-1", status="resolved"), status="resolved")
    # When it fires, twice as by two Alertmanagers, and is resolved, twice
    results = [(await tell(node, one)).body["result"] for one in (fired, fired, resolved, resolved)]
    assert results == ["sent", "repeated", "read", "read"]
    # Then it says so, silently, and is read
    shown = await ada.get(key=KEY)
    assert shown.payload.visual_content.title == "DiskFull (resolved)"
    assert (shown.read_state, shown.alert_revision) == (READ, 0)

    # When it fires again: anew, or the same that was thought to be resolved when nothing was heard of it
    for again in (group(alert("db-1", since="2026-11-30T10:00:00Z")), fired):
        assert [(await tell(node, again)).body["result"] for _ in range(2)] == ["sent", "repeated"]
        shown = await ada.get(key=KEY)
        assert (shown.read_state, shown.alert_revision) == (UNREAD, shown.revision)
        await tell(node, resolved)


async def test_what_is_resolved_and_not_there_is_nobodys_error(node: Running, ada: ApiClient) -> None:
    resolved = group(alert("db-1", status="resolved"), status="resolved")
    assert (await tell(node, resolved)).body == {"result": "gone"}
    assert not (await ada.history()).notifications


async def test_a_key_that_is_too_long_for_one_stays_the_same_one(node: Running, ada: ApiClient) -> None:
    key = "{}/{" + ",".join(f'label{n}="value"' for n in range(40)) + "}:{}"
    sent = await tell(node, group(alert("db-1"), groupKey=key))
    await tell(node, group(alert("db-1", status="resolved"), status="resolved", groupKey=key))

    shown = await ada.get(sent.body["id"])
    assert shown.app_notification_id.startswith("sha256:")
    assert shown.read_state == READ


def of_grafana(status: str = "firing") -> dict[str, Any]:
    """Return what Grafana's unified alerting sends: a group, with more in it."""
    one = {
        **alert("db-1", status=status),
        "values": {"B": 2.1, "C": 1},
        "valueString": "[ var='B' labels={instance=db-1} value=2.1 ]",
        "silenceURL": "https://grafana.example/alerting/silence/new",
        "dashboardURL": "https://grafana.example/d/disks",
        "panelURL": "https://grafana.example/d/disks?viewPanel=2",
        "imageURL": "https://grafana.example/render/2.png",
    }
    return {
        **group(one, status=status),
        "version": "1",
        "orgId": 1,
        "title": "[FIRING:1] DiskFull disks (db-1 critical)",
        "state": "alerting" if status == "firing" else "ok",
        "message": "**Firing**\n\nValue: B=2.1",
    }


async def test_grafana_is_shown_with_its_title_and_its_panel(node: Running, ada: ApiClient) -> None:
    body = encoded(of_grafana())
    headers = {"x-grafana-alerting-signature": signature(body)}
    assert (await post(node, "grafana", body, headers)).body["result"] == "sent"

    content = (await ada.get(key=KEY)).payload.visual_content
    assert content.title == "[FIRING:1] DiskFull disks (db-1 critical)"
    assert content.link == "https://grafana.example/d/disks?viewPanel=2"
    assert content.image_url == "https://grafana.example/render/2.png"

    assert (await tell(node, of_grafana("resolved"), "grafana")).body["result"] == "read"
    assert (await ada.get(key=KEY)).read_state == READ


@pytest.mark.parametrize(("change", "named"), [({"groupKey": ""}, "groupKey"), ({"status": "odd"}, "status")])
async def test_what_is_no_group_of_alerts_is_refused_by_what_it_lacks(
    node: Running, change: dict[str, Any], named: str
) -> None:
    answer = await post(node, "alertmanager", encoded(group(alert("db-1"), **change)), bearer())

    assert (answer.status, answer.reason) == (400, "INVALID_REQUEST")
    assert named in answer.body["message"]


async def test_a_group_of_nothing_but_its_key_is_shown_all_the_same(node: Running, ada: ApiClient) -> None:
    odd: dict[str, Any] = {
        "status": "firing",
        "groupKey": "k",
        "alerts": [None, 7, "x", [], {}],
        "commonLabels": [1],
    }
    await tell(node, odd)
    assert (await ada.get(key="k")).payload.visual_content.title == "alert (5 firing)"
