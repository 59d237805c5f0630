"""The rules for payloads: what a person sees and may open, and what is for the app alone."""

from collections.abc import Callable, Mapping, Sequence

from unisono.client._links import problem_of_link, problem_of_picture
from unisono.client._model import BodyFormat
from unisono.client.testing import checks
from unisono.client.testing.checks import Violations
from unisono.client.testing.limits import ACTION_BYTES, ACTIONS, DATA_ENTRIES, DATA_KEY_BYTES, Limits
from unisono.v1 import notification_pb2 as pb


def check_payload(violations: Violations, field: str, payload: pb.Payload, limits: Limits) -> None:
    """Check a payload: visual content with a title, raw content, data, or several of them."""
    checks.check_size(violations, f"{field}.raw_content", payload.raw_content, limits.raw_content_bytes)
    _check_data(violations, f"{field}.data", payload.data, limits.data_bytes)
    if payload.HasField("visual_content"):
        _check_visual(violations, f"{field}.visual_content", payload.visual_content, limits)
    elif not payload.raw_content and not payload.data:
        violations.add(field, "must have visual_content, raw_content or data")


def _check_visual(violations: Violations, field: str, visual: pb.VisualContent, limits: Limits) -> None:
    checks.check_caption(violations, f"{field}.title", visual.title, limits.title_bytes)
    checks.check_text(violations, f"{field}.body", visual.body, limits.body_bytes)
    _check_link(violations, f"{field}.link", visual.link, limits)
    _check_link(violations, f"{field}.icon_url", visual.icon_url, limits, problem_of_picture)
    _check_link(violations, f"{field}.image_url", visual.image_url, limits, problem_of_picture)
    _check_actions(violations, f"{field}.actions", visual.actions, limits)
    checks.check_enum(violations, f"{field}.format", visual.format, tuple(BodyFormat))


def _check_link(
    violations: Violations,
    field: str,
    link: str,
    limits: Limits,
    problem_of: Callable[[str], str] = problem_of_link,
) -> None:
    if not link or not checks.check_size(violations, field, link.encode(), limits.link_bytes):
        return
    if problem := problem_of(link):
        violations.add(field, problem)


def _check_actions(violations: Violations, field: str, actions: Sequence[pb.Action], limits: Limits) -> None:
    known = set[str]()
    for index, action in enumerate(checks.check_members(violations, field, actions, ACTIONS, min_items=0)):
        path, id_ = f"{field}[{index}]", action.action_id
        checks.check_name(violations, f"{path}.action_id", id_, ACTION_BYTES, required=True)
        if id_ in known:
            violations.add(f"{path}.action_id", "is that of an action before it")
        known.add(id_)
        checks.check_caption(violations, f"{path}.label", action.label, ACTION_BYTES)
        _check_link(violations, f"{path}.link", action.link, limits)


def _check_data(violations: Violations, field: str, data: Mapping[str, str], max_bytes: int) -> None:
    if len(data) > DATA_ENTRIES:
        violations.add(field, f"must have at most {DATA_ENTRIES} members")
        return
    whole = "".join(key + text for key, text in data.items()).encode()
    if not checks.check_size(violations, field, whole, max_bytes):
        return
    if "" in data:
        violations.add(field, "must not have an empty key")
    if any(len(key.encode()) > DATA_KEY_BYTES for key in data):
        violations.add(field, f"must have keys of at most {DATA_KEY_BYTES} bytes")
    if any(map(checks.CONTROL.search, data)):
        violations.add(field, "must not have control characters in keys")
    if any("\0" in text for text in data.values()):
        violations.add(field, "must not have U+0000 in texts")
