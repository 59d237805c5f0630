"""What a node has to tell of itself, wherever it is shown."""

from collections.abc import Callable, Mapping

from unisono.server.api.call_metrics import CallMetrics
from unisono.server.core.commit_metrics import CommitMetrics
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class NodeMetrics:
    """The parts of a node that count: calls, the streams of devices, and commits by what they change."""

    calls: CallMetrics
    open_streams: Callable[[], int]
    commits: Mapping[str, CommitMetrics]
