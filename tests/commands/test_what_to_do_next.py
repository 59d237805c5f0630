"""Hints lead somewhere: to a token that this server takes, to the option that is missing or too many."""

from pathlib import Path

import pytest

from tests.commands.unisono import process, run
from tests.support.connect_proxy import without_proxy
from unisono.client import (
    DeadlineExceeded,
    NotFound,
    PermissionDenied,
    PlatformFixed,
    QuotaExceeded,
    RateLimited,
    Unauthenticated,
    Unavailable,
    UnisonoError,
)
from unisono.client._tls import tls_failure
from unisono.client._wire.address import Address
from unisono.client.cli.formatting.errors import Attempt, advice, brief, hint, what_happened
from unisono.client.cli.service.errors import concerns_all

TARGET = "h:1"
LOST = "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: "
AT = "the server at h:1"
CERTIFICATE, KEY = (
    f"-----BEGIN {what}-----\n-----END {what}-----\n".encode() for what in ("CERTIFICATE", "PRIVATE KEY")
)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one that whoever runs the tests may have, hints would speak."""
    without_proxy(monkeypatch)


def attempt(*, tls: bool = False, app: bool = False) -> Attempt:
    return Attempt(address=Address(target=TARGET, tls=tls), app=app)


@pytest.mark.parametrize(
    ("app", "file", "command"),
    [
        (True, "$(cat var/app.token)", "$(unisono-server token --store STORE)"),
        (False, "$(cat var/ada.token)", "$(unisono-server token --store STORE --user ada)"),
    ],
)
def test_a_token_that_is_refused(app: bool, file: str, command: str) -> None:
    told = hint(Unauthenticated("wrong", reason="TOKEN_INVALID"), attempt(app=app))
    assert file in told
    assert command in told


def test_a_certificate_that_no_app_declares() -> None:
    address = Address(target=TARGET, client_certificate=CERTIFICATE, client_key=KEY)
    error = Unauthenticated("send an access token", reason="TOKEN_MISSING")
    told = hint(error, Attempt(address=address, app=True))
    assert "client_certificates" in told
    assert "--token" in told


@pytest.mark.parametrize(("app", "user"), [(True, ""), (False, " --user ada")])
def test_a_file_may_be_as_old_as_the_token_that_has_expired(app: bool, user: str) -> None:
    told = hint(Unauthenticated("late", reason="TOKEN_EXPIRED"), attempt(app=app))
    assert f"$(unisono-server token --store STORE{user})" in told
    assert "for `make serve` is sqlite:///var/unisono.db" in told
    assert "var/app.token" not in told
    assert "var/ada.token" not in told


@pytest.mark.parametrize(
    ("allowed", "words"), [("device", "a user's token"), ("publisher", "an app's token")]
)
def test_a_token_of_the_other_kind(allowed: str, words: str) -> None:
    error = PermissionDenied("no", reason="ROLE_NOT_ALLOWED", metadata={"allowed": allowed})
    told = hint(error, attempt(app=allowed == "device"))
    assert told.startswith(f"this needs {words}; ")
    assert ("var/ada.token" in told) is (allowed == "device")


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (["send", "bob", "Hello"], "var/app.token"),
        (["send", "--me", "Hello"], "var/ada.token"),
        (["list"], "var/ada.token"),
        (["list", "--user", "bob"], "var/app.token"),
        (["listen"], "var/ada.token"),
    ],
)
def test_the_token_that_a_command_needs(arguments: list[str], file: str) -> None:
    ended = run(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"$(cat {file})" in ended.stderr


def test_the_help_names_the_tokens_that_work() -> None:
    text = run("--help").stdout
    for file in ("app", "ada"):
        assert f"export UNISONO_TOKEN=$(cat var/{file}.token)" in text
    assert "token)" not in text.replace("var/app.token)", "").replace("var/ada.token)", "")
    assert "$(unisono-server token --store STORE --user ada)" in text


@pytest.mark.parametrize(
    ("said", "tls", "what", "told"),
    [
        (
            "SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER: x",
            True,
            f"{AT} does not speak TLS",
            "leave out",
        ),
        ("CERTIFICATE_VERIFY_FAILED: self signed", True, f"the certificate of {AT} is not", "--root-cert"),
        ("Socket closed", False, f"{AT} hangs up at once, as one does that serves TLS", "give --tls"),
        ("recvmsg:Connection reset by peer", False, f"{AT} hangs up at once", "give --tls"),
        ("Socket closed", True, LOST, f"is {AT} up?"),
        ("Unwrap failed (TSI_DATA_CORRUPTED)", True, LOST, f"is {AT} up? does it ask for --client-cert"),
        (
            "ALERT_UNKNOWN_CA",
            True,
            f"{AT} asks for a client certificate",
            "--client-certificate and --client",
        ),
        ("Connection refused", True, LOST, f"is {AT} up?"),
        ("Connection refused", False, LOST, f"is {AT} up?"),
    ],
)
def test_why_there_is_no_connection(said: str, tls: bool, what: str, told: str) -> None:
    error = tls_failure(LOST + said) or Unavailable(LOST + said)
    assert what_happened(error, attempt(tls=tls)).startswith(what)
    assert hint(error, attempt(tls=tls)).startswith(told)
    short = what if what != LOST else "no connection to h:1"
    assert brief(error, attempt(tls=tls)).startswith(short)
    assert advice(error, attempt(tls=tls)).startswith(f"{brief(error, attempt(tls=tls))}; {told}")


def test_what_a_server_says_that_was_reached_is_not_of_the_connection() -> None:
    error = Unavailable("Socket closed")
    assert what_happened(error, attempt()) == brief(error, attempt()) == "Socket closed"


@pytest.mark.parametrize("name", ["DEVICE_PLATFORM_LINUX", "PLATFORM_LINUX"], ids=["now", "before"])
def test_a_platform_is_named_as_the_option_takes_it(name: str) -> None:
    error = PlatformFixed("no", reason="PLATFORM_FIXED", metadata={"platform": name})
    told = hint(error, attempt())
    assert "--platform linux" in told
    assert "--endpoint" in told


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("RATE_LIMITED", "the server allows 7 calls"),
        ("TARGET_POLICIES_EXCEEDED", "7 choices may be live"),
        ("FEED_BYTES_EXCEEDED", "delete some"),
        ("REQUEST_INCOMPLETE", "try again"),
        ("STORE_FULL", "free space on the disk of the server"),
    ],
)
def test_what_is_too_much(reason: str, words: str) -> None:
    error = UnisonoError("no", reason=reason, metadata={"limit": "7"})
    assert words in hint(error, attempt())
    assert words in hint(error, attempt(app=True))


@pytest.mark.parametrize(
    ("error", "all_of_them"),
    [
        (Unavailable("x"), True),
        (RateLimited("x"), True),
        (QuotaExceeded("x"), False),
        (DeadlineExceeded("x"), True),
        (Unauthenticated("x"), True),
        (NotFound("x"), False),
        (PermissionDenied("x"), False),
    ],
)
def test_whether_to_go_on_with_the_next(error: UnisonoError, all_of_them: bool) -> None:
    assert concerns_all(error) is all_of_them


NO_PEM = "-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("content", ["", "Dear Ada", NO_PEM])
def test_certificates_that_are_none(content: str, tmp_path: Path) -> None:
    file = tmp_path / "letter.pem"
    file.write_text(content)
    ended = run("list", "--token", "x", "--root-certificates", str(file))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"{file} holds no certificates in PEM" in " ".join(ended.stderr.split())


@pytest.mark.parametrize("target", ["nonsense", "http://h:1", "h:99999"])
def test_an_address_that_is_none(target: str) -> None:
    ended = run("list", "--token", "x", "--target", target)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("Error: --target: must be HOST:PORT")


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--raw", "-"],
        ["--body", "x"],
        ["--body", "x", "--raw", "/dev/null"],
        ["--link", "x:y"],
        ["--data", "a=b", "--action", "a=A"],
        ["--data", "a=b", "--format", "markdown"],
    ],
)
def test_nothing_to_send(options: list[str]) -> None:
    ended = run("send", "--token", "x", "ada", *options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "give a TITLE, which a person sees, or --raw FILE" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "locale"),
    [
        (["send", "ada", b"Gr\xfc\xdfe"], {}),
        (["list", "--group", b"\xff"], {}),
        (["delete", b"\xff"], {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    ],
)
def test_arguments_that_are_no_text(arguments: list[str | bytes], locale: dict[str, str]) -> None:
    texts = [word.decode(errors="surrogateescape") if isinstance(word, bytes) else word for word in arguments]
    ended = process(*texts, "--token", "x", **locale)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "is no text in UTF-8" in ended.stderr.splitlines()[0]
