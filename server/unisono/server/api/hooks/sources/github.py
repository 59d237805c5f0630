"""GitHub: webhooks of repositories and organisations, whose kind is in a header. Unknown ones are ignored."""

from collections.abc import Callable, Mapping
from typing import Final

from unisono.server.api.hooks.document import Document, at, items, text
from unisono.server.api.hooks.event import Ignored, News, Told
from unisono.server.errors import InvalidRequest
from unisono.server.model import Priority

EVENT: Final = "x-github-event"
DELIVERY: Final = "x-github-delivery"

COMMITS_SHOWN: Final = 5

_BRANCH: Final = "refs/heads/"
_TAG: Final = "refs/tags/"


def read(headers: Mapping[str, str], body: Document) -> Told:
    """Return what a delivery tells. Its id is the same when GitHub delivers it again."""
    kind, delivery = headers.get(EVENT, ""), headers.get(DELIVERY, "")
    if not (kind and delivery):
        raise InvalidRequest.of(DELIVERY if kind else EVENT, "is required as a header")
    action = text(body, "action")
    tell = _EVENTS.get(kind)
    told = None if tell is None else tell(body, action)
    if told is None:
        return Ignored(why=f"there is nothing to tell of {' '.join(filter(None, (kind, action)))}")
    title, details, link = told
    where = text(body, "repository", "full_name") or text(body, "organization", "login")
    about = {
        "event": kind,
        "action": action,
        "repository": where,
        "sender": text(body, "sender", "login"),
    }
    failed = text(body, "workflow_run", "conclusion") in _FAILURES
    return News(
        key=delivery,
        title=f"{where}: {title}" if where else title,
        body=details,
        link=link or text(body, "repository", "html_url"),
        icon_url=text(body, "sender", "avatar_url"),
        group=where,
        category=kind,
        priority=Priority.HIGH if failed else Priority.UNSPECIFIED,
        data={name: found for name, found in about.items() if found},
    )


Parts = tuple[str, str, str]
"""A title, details, and what to open."""


def _ping(body: Document, action: str) -> Parts | None:
    return "GitHub is connected", text(body, "zen"), ""


def _push(body: Document, action: str) -> Parts | None:
    ref = text(body, "ref")
    is_tag = ref.startswith(_TAG)
    name = f"{'tag' if is_tag else 'branch'} {ref.removeprefix(_TAG).removeprefix(_BRANCH)}"
    pusher = text(body, "pusher", "name") or text(body, "sender", "login")
    if at(body, "deleted") is True:
        return f"{name} deleted", f"by {pusher}", ""
    commits = items(body, "commits")
    link = text(body, "compare")
    if not commits:
        made = "created" if at(body, "created") is True else "moved"
        return f"{name} {made}", f"by {pusher}", link
    shown = [
        f"{_first_line(text(commit, 'message'))} ({text(commit, 'author', 'name')})"
        for commit in commits[-COMMITS_SHOWN:]
    ]
    if len(commits) > len(shown):
        shown.insert(0, f"{len(commits) - len(shown)} more, then:")
    count = "1 commit" if len(commits) == 1 else f"{len(commits)} commits"
    forced = ", forced" if at(body, "forced") is True else ""
    return f"{count} to {name} by {pusher}{forced}", "\n".join(shown), link


def _issue(body: Document, action: str) -> Parts | None:
    if action not in ("opened", "reopened", "closed", "assigned"):
        return None
    return _numbered(body, "issue", f"issue #{text(body, 'issue', 'number')} {action}")


def _pull_request(body: Document, action: str) -> Parts | None:
    if action not in ("opened", "reopened", "closed", "assigned", "ready_for_review", "review_requested"):
        return None
    merged = action == "closed" and at(body, "pull_request", "merged") is True
    done = "merged" if merged else action.replace("_", " ")
    return _numbered(body, "pull_request", f"pull request #{text(body, 'pull_request', 'number')} {done}")


def _numbered(body: Document, what: str, title: str) -> Parts:
    details = f"{text(body, what, 'title')}\nby {text(body, 'sender', 'login')}"
    return title, details, text(body, what, "html_url")


def _release(body: Document, action: str) -> Parts | None:
    if action != "published":  # "created" and "released" come beside it, for the same release.
        return None
    name = text(body, "release", "name") or text(body, "release", "tag_name")
    return f"release {name}", text(body, "release", "body"), text(body, "release", "html_url")


def _workflow_run(body: Document, action: str) -> Parts | None:
    if action != "completed":
        return None
    run = at(body, "workflow_run")
    title = f"{text(run, 'name')} {_CONCLUSIONS.get(text(run, 'conclusion'), text(run, 'conclusion'))}"
    details = f"{text(run, 'display_title')}\non {text(run, 'head_branch')}"
    return title, details, text(run, "html_url")


_FAILURES: Final = frozenset(("failure", "timed_out", "startup_failure"))

_CONCLUSIONS: Final = {
    "success": "succeeded",
    "failure": "failed",
    "timed_out": "timed out",
    "startup_failure": "did not start",
    "cancelled": "was cancelled",
    "skipped": "was skipped",
}

_EVENTS: Final[Mapping[str, Callable[[Document, str], Parts | None]]] = {
    "ping": _ping,
    "push": _push,
    "issues": _issue,
    "pull_request": _pull_request,
    "release": _release,
    "workflow_run": _workflow_run,
}


def _first_line(message: str) -> str:
    return message.partition("\n")[0]
