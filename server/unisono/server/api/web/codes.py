"""How Connect names the codes of gRPC, and the status of HTTP of each (its specification, "Error Codes")."""

from typing import Final, NamedTuple

from grpc import StatusCode


class Code(NamedTuple):
    """The name of a code, and its status of HTTP."""

    name: str
    status: int


CODES: Final[dict[StatusCode, Code]] = {
    StatusCode.CANCELLED: Code("canceled", 499),
    StatusCode.UNKNOWN: Code("unknown", 500),
    StatusCode.INVALID_ARGUMENT: Code("invalid_argument", 400),
    StatusCode.DEADLINE_EXCEEDED: Code("deadline_exceeded", 504),
    StatusCode.NOT_FOUND: Code("not_found", 404),
    StatusCode.ALREADY_EXISTS: Code("already_exists", 409),
    StatusCode.PERMISSION_DENIED: Code("permission_denied", 403),
    StatusCode.RESOURCE_EXHAUSTED: Code("resource_exhausted", 429),
    StatusCode.FAILED_PRECONDITION: Code("failed_precondition", 400),
    StatusCode.ABORTED: Code("aborted", 409),
    StatusCode.OUT_OF_RANGE: Code("out_of_range", 400),
    StatusCode.UNIMPLEMENTED: Code("unimplemented", 501),
    StatusCode.INTERNAL: Code("internal", 500),
    StatusCode.UNAVAILABLE: Code("unavailable", 503),
    StatusCode.DATA_LOSS: Code("data_loss", 500),
    StatusCode.UNAUTHENTICATED: Code("unauthenticated", 401),
}
