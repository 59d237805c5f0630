"""All methods of a server by their paths: those of the services, `grpc.health.v1` and reflection."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from unisono.server.api.call import Rpc, Rpcs
from unisono.server.api.health import SERVICE as HEALTH
from unisono.server.api.health import Health
from unisono.server.api.pipeline import Pipeline, Streaming, Unary, UnaryBytes
from unisono.server.api.reflection import SERVICES as REFLECTION
from unisono.server.api.reflection import Reflection
from unisono.server.api.unknown import unknown


class Service(Protocol):
    """A gRPC service: its full name, such as `unisono.v1.FeedService`, and its methods by name."""

    @property
    def name(self) -> str: ...
    @property
    def methods(self) -> Mapping[str, Unary[Any] | UnaryBytes | Streaming[Any]]: ...


class Methods:
    """The methods of all services. `unknown` answers for those that do not exist."""

    def __init__(
        self,
        services: Sequence[Service],
        pipeline: Pipeline,
        *,
        hook: Callable[[str], Rpc],
        max_health_watches: int,
        stream_age: float,
    ) -> None:
        """`hook` returns the handler of requests to the address of the hook with an id."""
        self.hook: Final = hook
        names = [service.name for service in services]
        self._pipeline = pipeline
        self._health = Health(names, pipeline, max_watches=max_health_watches, watch_age=stream_age)
        reflection = Reflection(pipeline, (*names, HEALTH), stream_age=stream_age)
        self.by_service: Final[Mapping[str, Rpcs]] = {
            **{service.name: _rpcs(pipeline, service) for service in services},
            HEALTH: self._health.rpcs(),
            **dict.fromkeys(REFLECTION, reflection.rpcs()),
        }
        self.unknown: Final[Rpc] = unknown(pipeline)

    @property
    def is_serving(self) -> bool:
        """What the health service answers for all of them together."""
        return self._health.is_serving

    def tell_store_is_away(self, away: bool) -> None:
        """Have the health service answer NOT_SERVING while the store is away."""
        self._health.tell_store_is_away(away)

    def announce_stop(self) -> None:
        """Have the health service answer NOT_SERVING from now on; everything else is as before."""
        self._health.announce_stop()

    def stop(self) -> None:
        """Have the health service answer NOT_SERVING, and hold no refusal back from now on."""
        self._health.stop()
        self._pipeline.close()


def _rpcs(pipeline: Pipeline, service: Service) -> Rpcs:
    return {
        name: pipeline.streaming(f"{service.name}/{name}", method)
        if isinstance(method, Streaming)
        else pipeline.unary(f"{service.name}/{name}", method)
        for name, method in service.methods.items()
    }
