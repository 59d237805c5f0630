"""Hooks are taken at the start and at each SIGHUP, all of a file or none."""

import http.client
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.hooked import bearer
from tests.support.processes import TESTERS, Environment, ServerProcess, run, serving

APP = "mail.test"

#: The transport that there is where nobody asks for one.
ANY: Environment = {**TESTERS, "UNISONO_TRANSPORT": "auto"}


def new(folder: Path, *, source: str = "json", app: str = APP) -> dict[str, str]:
    """Make a hook of ada by the command; its secret file goes into a folder."""
    file = ("--secret-file", folder / "hook.secret") if source == "github" else ()
    made = run("hook", "new", "--app", app, "--user", "ada", "--source", source, "--json", *file)
    assert made.returncode == 0, made.stderr
    found: dict[str, str] = json.loads(made.stdout)
    return found


def asked(server: ServerProcess, made: dict[str, str]) -> int:
    """Post to a hook, and return the status."""
    connection = http.client.HTTPConnection(server.address, timeout=120)
    try:
        path = "/hooks/" + made["address"].rpartition("/")[2]
        connection.request("POST", path, b'{"title": "Hello"}', bearer(made["secret"]))
        return connection.getresponse().status
    finally:
        connection.close()


def reload(server: ServerProcess) -> None:
    """Send a SIGHUP, and wait until the hooks were looked at."""
    done = sum(map(is_about_hooks, server.log))
    server.signal(signal.SIGHUP)
    server.wait_for(lambda: sum(map(is_about_hooks, server.log)) > done)


def is_about_hooks(entry: dict[str, Any]) -> bool:
    return entry.get("what") == "the hooks"


def test_hooks_come_and_go_with_their_lines(tmp_path: Path) -> None:
    first, second = new(tmp_path), new(tmp_path, source="github")
    file = tmp_path / "unisono.toml"
    file.write_text(first["config"])
    with serving(tmp_path / "unisono.db", "--config", file, env=ANY) as server:
        assert [asked(server, made) for made in (first, second)] == [200, 401]

        file.write_text(second["config"])
        reload(server)
        # GitHub's own headers are missing, which is said to who has the secret alone.
        assert [asked(server, made) for made in (first, second)] == [401, 400]

        file.write_text("")
        reload(server)
        assert [asked(server, made) for made in (first, second)] == [401, 401]


BROKEN = {
    "no TOML": ("[[hooks", "is not TOML"),
    "a hook without a secret": (
        '[[hooks]]\nid = "{id}"\napp = "mail.test"\nuser = "a"\nsource = "json"',
        "secret_sha256",
    ),
    "an app that is gone": ("{config}", "gone.test"),
    "one of them twice": ("{config}\n{config}", "declared twice"),
    "a secret that is gone": (
        '[[hooks]]\nid = "{id}"\napp = "mail.test"\nuser = "a"\nsource = "json"\nsecret_file = "gone.secret"',
        "gone.secret",
    ),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN)
def test_of_a_broken_file_nothing_is_taken(tmp_path: Path, text: str, said: str) -> None:
    made, other = new(tmp_path), new(tmp_path)
    config = other["config"].replace(APP, "gone.test") if said == "gone.test" else other["config"]
    file = tmp_path / "unisono.toml"
    file.write_text(made["config"])
    with serving(tmp_path / "unisono.db", "--config", file, env=ANY) as server:
        file.write_text(text.format(id="A" * 22, config=config))
        reload(server)
        (warning,) = server.entries("not reloaded; what was there before stays in use")
        assert (warning["level"], warning["what"]) == ("warning", "the hooks")
        assert said in warning["error"]
        assert [asked(server, one) for one in (made, other)] == [200, 401]


def test_a_server_of_grpcio_says_that_it_has_to_start_anew(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text("")
    with serving(tmp_path / "unisono.db", "--config", file, env=ANY) as server:
        assert server.until("serving")["transport"] == "grpcio"
        file.write_text(new(tmp_path)["config"])
        reload(server)
        (warning,) = server.entries("not reloaded; what was there before stays in use")
        assert 'transport = "http"' in warning["error"]


WRONG = {
    "grpcio": ({"UNISONO_TRANSPORT": "grpcio"}, "{config}", 'transport = "http"'),
    "an app that is gone": ({}, "{config}", "gone.test"),
    "a user that none can be": ({}, "{config}", "control characters"),
    "GitHub by a hash": ({}, "{config}", "secret_file"),
    "fields of another source": ({}, '{config}\nfields = {{ title = "a" }}', "fields"),
    "a field that is none": ({}, '{config}\nfields = {{ titel = "a" }}', "titel"),
    "an id of another form": ({}, "{config}", "22 letters"),
}


@pytest.mark.parametrize(("env", "text", "said"), WRONG.values(), ids=WRONG)
def test_a_server_does_not_start_with_wrong_hooks(
    tmp_path: Path, env: dict[str, str], text: str, said: str
) -> None:
    config = new(tmp_path)["config"]
    match said:
        case "gone.test":
            config = config.replace(APP, said)
        case "control characters":
            config = config.replace('"ada"', '"a\\u0007"')
        case "secret_file":
            config = config.replace('"json"', '"github"')
        case "fields":
            config = config.replace('"json"', '"grafana"')
        case "22 letters":
            config = config.replace('id = "', 'id = "../')
        case _:
            pass
    file = tmp_path / "unisono.toml"
    file.write_text(text.format(config=config))
    for command in (("serve", "--listen", "127.0.0.1:0"), ("config", "--check")):
        store = ("--store", f"sqlite:///{tmp_path / 'unisono.db'}")
        done = run(*command, *store, "--config", file, env={**ANY, **env})
        assert done.returncode in (1, 2), done.stdout
        assert said in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("secret", "mode", "said"),
    [("short", 0o600, "16 to 1024"), ("x" * 2000, 0o600, "16 to 1024"), ("x" * 40, 0o644, "chmod o-rwx")],
)
def test_a_secret_that_is_weak_or_open_is_none(tmp_path: Path, secret: str, mode: int, said: str) -> None:
    made = new(tmp_path, source="github")
    kept = tmp_path / "hook.secret"
    kept.write_text(secret)
    kept.chmod(mode)
    file = tmp_path / "unisono.toml"
    file.write_text(made["config"])
    done = run("config", "--check", "--config", file, env=ANY)
    assert done.returncode == 1
    assert said in done.stderr
