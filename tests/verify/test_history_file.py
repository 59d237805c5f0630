"""What was saved is judged as what was recorded, and what is no history says so."""

import asyncio
import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from google.protobuf.any_pb2 import Any
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import ErrorInfo

from tests.guarantees.judge import valid
from tests.guarantees.judge.corrupted import a_badge_is_wrong
from tests.support.methods import Method, methods
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.history import Call, History, Principal
from unisono.verify.history_file import InvalidHistoryFile, Saved, load, save
from unisono.verify.verdicts import verdicts

BEGIN = '{"unisono-verify history":{"version":3}}\n'


@pytest.fixture(scope="module")
def history() -> History:
    return asyncio.run(valid.history())


def again(history: History) -> Saved:
    """What comes back from a file."""
    file = io.StringIO()
    save(Saved(history=history, about={"seed": 7, "users": ["ada", "bob"]}), file)
    return load(io.StringIO(file.getvalue()))


def test_all_of_it_comes_back(history: History) -> None:
    saved = again(history)
    assert saved.history == history
    assert saved.about == {"seed": 7, "users": ["ada", "bob"]}


def test_a_file_of_before_rings_and_stalls_were_recorded_can_be_read(history: History) -> None:
    file = io.StringIO()
    save(Saved(history=replace(history, rings=[], stalls=[])), file)
    before = file.getvalue().replace('"version":3', '"version":2', 1)

    assert load(io.StringIO(before)).history == replace(history, rings=[], stalls=[])


@pytest.mark.parametrize(
    "method", [m for m in methods() if m.descriptor is not None and not m.for_admins], ids=lambda m: m.name
)
def test_so_do_the_calls_of_every_method(method: Method) -> None:
    assert method.descriptor is not None
    asked, said = (
        GetMessageClass(kind)() for kind in (method.descriptor.input_type, method.descriptor.output_type)
    )
    call = Call(
        principal=Principal(app_id="mail.test"),
        method=method.name,
        request=asked,
        began=1,
        ended=2,
        answer=said,
    )

    assert again(History(calls=[call])).history.calls == [call]


def test_so_do_the_details_of_errors() -> None:
    """Also in a program that has not asked for any other: as the one that judges what was saved."""
    detail = Any()
    detail.Pack(ErrorInfo(reason="OUTCOME_UNKNOWN", domain="unisono"))
    error = service_pb.BatchItemError(code=14, message="repeat it", details=[detail])
    answer = service_pb.BatchSendNotificationsResponse(results=[service_pb.BatchSendResult(error=error)])
    request = service_pb.BatchSendNotificationsRequest(requests=[service_pb.SendNotificationRequest()])
    method, principal = "BatchSendNotifications", Principal(app_id="mail.test")
    call = Call(principal=principal, method=method, request=request, began=1, ended=2, answer=answer)
    file = io.StringIO()
    save(Saved(history=History(calls=[call])), file)
    load_it = "from unisono.verify.history_file import load"
    program = f"import sys; {load_it}; print(load(sys.stdin).history.calls[0].answer)"

    ended = subprocess.run(
        [sys.executable, "-c", program], input=file.getvalue(), capture_output=True, text=True, check=False
    )

    assert "OUTCOME_UNKNOWN" in ended.stdout, ended.stderr


def test_it_is_judged_alike(history: History) -> None:
    corrupted = again(history).history
    a_badge_is_wrong(corrupted)
    assert verdicts(again(history).history) == verdicts(history)
    assert verdicts(again(corrupted).history) == verdicts(corrupted)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("Dear Ada", "line 1 is none of a history"),
        ('{"annotation":{}}\n', "line 1 is not as a history begins"),
        (BEGIN.replace("3}", "1}"), "another version"),
        (f"{BEGIN}{{}}\n", "line 2 is none of a history"),
        (f'{BEGIN}{{"letter":{{}}}}\n', "line 2 is none of a history"),
        (f'{BEGIN}{{"call":{{"method":"Unheard"}}}}\n', "line 2 is none of a history"),
        (
            f'{BEGIN}{{"annotation":{{"time":1,"name":"CUT"}}}}\n{{"annotation":',
            "line 3 is none of a history",
        ),
    ],
)
def test_what_is_no_history(text: str, said: str) -> None:
    with pytest.raises(InvalidHistoryFile, match=said):
        load(io.StringIO(text))


def test_a_file_that_breaks_off_is_not_called_wrong() -> None:
    def lines() -> Iterator[str]:
        yield BEGIN
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        load(lines())
