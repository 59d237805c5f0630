"""Encodes the results of sends by hand, since the response to a batch may hold a thousand of them."""

from typing import Final

from unisono.server.api.convert.protowire import VARINT, string_field, tag, timestamp_field, varint
from unisono.server.core.decide.results import SendResult
from unisono.v1 import notification_service_pb2 as pb


def send_result(sent: SendResult) -> bytes:
    """Return an encoded `SendResult`, as field 1 of the message around it.

    That is a whole `SendNotificationResponse`, and equally a whole `BatchSendResult`.
    """
    row = sent.notification
    body = b"".join(
        (
            string_field(_RESULT_ID, row.id),
            _RESULT_REVISION,
            varint(row.revision),
            timestamp_field(_RESULT_CREATE, row.create_time),
            timestamp_field(_RESULT_EXPIRE, row.expire_time),
            _RESULT_DEDUPLICATED if sent.deduplicated else b"",
            b"" if row.live else _RESULT_REMOVED,
            *(string_field(_RESULT_DISPLACED, id_) for id_ in sent.displaced),
            b"" if sent.endpoints is None else _RESULT_ENDPOINTS + varint(sent.endpoints),
        )
    )
    return _RESULT + varint(len(body)) + body


def batch_result(outcome: bytes) -> bytes:
    """Return an encoded `BatchSendResult` as a field of a `BatchSendNotificationsResponse`."""
    return _RESULTS + varint(len(outcome)) + outcome


_RESULT: Final = tag(pb.SendNotificationResponse.RESULT_FIELD_NUMBER)
_RESULTS: Final = tag(pb.BatchSendNotificationsResponse.RESULTS_FIELD_NUMBER)
_RESULT_ID: Final = tag(pb.SendResult.ID_FIELD_NUMBER)
_RESULT_REVISION: Final = tag(pb.SendResult.REVISION_FIELD_NUMBER, VARINT)
_RESULT_CREATE: Final = tag(pb.SendResult.CREATE_TIME_FIELD_NUMBER)
_RESULT_EXPIRE: Final = tag(pb.SendResult.EXPIRE_TIME_FIELD_NUMBER)
_RESULT_DEDUPLICATED: Final = tag(pb.SendResult.DEDUPLICATED_FIELD_NUMBER, VARINT) + b"\x01"
_RESULT_DISPLACED: Final = tag(pb.SendResult.DISPLACED_IDS_FIELD_NUMBER)
_RESULT_REMOVED: Final = tag(pb.SendResult.REMOVED_FIELD_NUMBER, VARINT) + b"\x01"
_RESULT_ENDPOINTS: Final = tag(pb.SendResult.ENDPOINTS_FIELD_NUMBER, VARINT)
