"""Errors that the layers below raise on purpose become a message and a status."""

from pathlib import Path

import click
import pytest

from unisono.server.cli.failures import report_errors
from unisono.server.config import InvalidSettings
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.store.base import StoreError


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (InvalidSettings(["one", "two"]), 2, "one\ntwo"),
        (AccessMisconfigured("no key"), 2, "no key"),
        (StoreError("in use"), 1, "in use"),
        (OSError(28, "No space left on device", "unisono.db"), 1, "unisono.db: No space left on device"),
        (OSError(5, "Input/output error"), 1, "Input/output error"),
        (OSError("timed out"), 1, "timed out"),
    ],
)
def test_message_and_status(error: Exception, status: int, message: str) -> None:
    with pytest.raises(click.ClickException) as caught, report_errors():
        raise error
    assert (caught.value.exit_code, caught.value.message) == (status, message)


def test_faults_of_the_program_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), report_errors():
        Path(str(1 // 0))
