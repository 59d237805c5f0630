"""`grpc-timeout` is up to eight digits and a unit."""

import pytest

from unisono.server.api.grpc import timeout


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"1H", 3600.0),
        (b"2M", 120.0),
        (b"3S", 3.0),
        (b"250m", 0.25),
        (b"500u", 0.0005),
        (b"99999999n", 0.099999999),
        (b"0n", 0.0),
        (b"00000001S", 1.0),
    ],
)
def test_units(value: bytes, seconds: float) -> None:
    assert timeout.seconds(value) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "value",
    [b"", b"1", b"S", b"-1S", b"+1S", b"1s", b"1.5S", b"123456789S", b" 1S", b"1S ", b"1S\n", b"\xd9\xa1S"],
)
def test_all_else_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match="grpc-timeout"):
        timeout.seconds(value)
