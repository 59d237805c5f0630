"""The fingerprints that a store keeps stay: a send that is repeated after an upgrade is known."""

import pytest

from unisono.server.core.decide.commands import EncodedContent, fingerprint
from unisono.server.model import Platform, Priority, TargetPolicy

Content = tuple[bytes, str, int, int | None, int | None]
Target = tuple[tuple[int, ...], tuple[str, ...]]

RECORDED: tuple[tuple[Content, Target, str], ...] = (
    ((b"\x12\x02x0", "é", 2, None, 1800000000000), ((), ()), "b3924270f95f3514e62a37e4765ac557"),
    (
        (b"\n\x03\n\x011", "inbox", 2, None, None),
        ((6,), ("phone", "watch")),
        "b614081362dfa94912574765ce01ee7d",
    ),
    ((b"\n\x03\n\x012", "inbox", 0, None, None), ((), ("laptop",)), "5c2eed7749cb711753c60991c19bb2db"),
    ((b"\x12\x02x3", "inbox", 2, 1, 1800000000000), ((1, 3), ()), "c924daedd507a70f33951a868d405932"),
    ((b"\n\x03\n\x014", "", 1, 5000, 1800000000000), ((), ("laptop",)), "489d2f24fb2f13d781f11e6871cc822a"),
    (
        (b"\n\x03\n\x015", "inbox", 0, 5000, 1800000000000),
        ((6,), ("phone", "watch")),
        "eac446418fcc478e32c55f161c985fc9",
    ),
    ((b"\x12\x02x6", "", 0, 5000, None), ((), ()), "092ee0bb0d04b080fc4a33ea5d2469eb"),
    ((b"\n\x03\n\x017", "", 0, None, None), ((), ("laptop",)), "02ac300cc6da464d9075de648c27467f"),
    ((b"\n\x03\n\x018", "é", 1, 1, 1800000000000), ((1, 3), ()), "8d474766e52a05fb146f479dd376a510"),
    ((b"\x12\x02x9", "é", 0, None, 1800000000000), ((1, 3), ()), "44d8c33effc8fb53e185a88d683b4f1f"),
    ((b"\n\x03\n\x0110", "", 2, None, None), ((), ()), "2353d07801b1f3c4df21bd543e88990c"),
    ((b"\n\x03\n\x0111", "é", 2, 1, 1800000000000), ((1, 3), ()), "c7fe1423bf9d64234d20165a9f87b1df"),
    ((b"\x12\x02x2", "é", 2, 1, 1800000000000), ((1, 3), ()), "dc66e6f2604bc2d3a5d421f185d4f0c2"),
    ((b"\n\x03\n\x0113", "é", 1, 5000, 1800000000000), ((1, 3), ()), "69ab4d6074116087764ddc05129b2e35"),
    ((b"\n\x03\n\x0114", "", 1, 5000, None), ((1, 3), ()), "d645c3567959070899b531d691ddeb25"),
    ((b"\x12\x02x5", "é", 1, 1, None), ((), ()), "c41c4ae3b693b1253f4dc2e1d9776bbb"),
    ((b"\n\x03\n\x0116", "é", 0, 5000, None), ((6,), ("phone", "watch")), "cd29a1f680dff29173ac781f88157b12"),
    ((b"\n\x03\n\x0117", "", 0, None, None), ((), ("laptop",)), "157f55efd9ff52e51c9cf45f5ab4dba0"),
    (
        (b"\x12\x02x8", "", 2, 1, 1800000000000),
        ((6,), ("phone", "watch")),
        "29c80111c1878778439a558c7c85c94d",
    ),
    ((b"\n\x03\n\x0119", "é", 2, None, None), ((), ()), "c5fd191995dc1aff61483e2c8f1ef593"),
)
"""Contents (payload, group, priority, display time to live, expiry), targets, and what was made of them."""


@pytest.mark.parametrize(("content", "target", "recorded"), RECORDED)
def test_a_recorded_fingerprint_stays(content: Content, target: Target, recorded: str) -> None:
    payload, group_name, priority, display_time_to_live, expire_time = content
    encoded = EncodedContent(
        payload=payload,
        group_name=group_name,
        priority=Priority(priority),
        display_time_to_live=display_time_to_live,
        expire_time=expire_time,
    )
    platforms, endpoint_ids = target
    policy = TargetPolicy.of([Platform(platform) for platform in platforms], endpoint_ids)
    assert fingerprint(encoded, policy).hex() == recorded


def test_a_silent_send_is_another() -> None:
    content = EncodedContent(
        payload=b"x",
        group_name="",
        priority=Priority.UNSPECIFIED,
        display_time_to_live=None,
        expire_time=None,
    )
    policy = TargetPolicy.of((), ())
    assert fingerprint(content, policy, silent=True) != fingerprint(content, policy)
