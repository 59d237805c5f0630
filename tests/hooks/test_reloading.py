"""Hooks are taken at the start and at each SIGHUP, all of a file or none."""

import http.client
import signal
from pathlib import Path
from typing import Any

from tests.support.hooked import bearer
from tests.support.processes import TESTERS, Environment, ServerProcess, run, serving, url
from unisono.server.app.new_hook import NewHook

APP = "mail.test"

#: The transport that there is where nobody asks for one.
ANY: Environment = {**TESTERS, "UNISONO_TRANSPORT": "auto"}


def new(folder: Path, *, source: str = "json") -> NewHook:
    """Make a hook of ada; its secret file, if it has one, goes into a folder."""
    made = NewHook.make(APP, "ada", source, folder / "hook.secret" if source == "github" else None)
    made.write_secret()
    return made


def asked(server: ServerProcess, made: NewHook) -> int:
    """Post to a hook, and return the status."""
    connection = http.client.HTTPConnection(server.address, timeout=120)
    try:
        connection.request("POST", f"/hooks/{made.hook_id}", b'{"title": "Hello"}', bearer(made.secret))
        return connection.getresponse().status
    finally:
        connection.close()


def reload(server: ServerProcess) -> None:
    """Send a SIGHUP, and wait until the hooks were looked at."""
    done = sum(map(is_about_hooks, server.wait_for(bool)))
    server.signal(signal.SIGHUP)
    server.wait_for(lambda log: sum(map(is_about_hooks, log)) > done)


def is_about_hooks(entry: dict[str, Any]) -> bool:
    return entry.get("what") == "the hooks"


def test_hooks_come_and_go_with_their_lines(tmp_path: Path) -> None:
    first, second = new(tmp_path), new(tmp_path, source="github")
    file = tmp_path / "unisono.toml"
    file.write_text(first.lines)
    with serving(tmp_path / "unisono.db", "--config", file, env=ANY) as server:
        assert [asked(server, made) for made in (first, second)] == [200, 401]

        file.write_text(second.lines)
        reload(server)
        # GitHub's own headers are missing, which is said to who has the secret alone.
        assert [asked(server, made) for made in (first, second)] == [401, 400]

        file.write_text("")
        reload(server)
        assert [asked(server, made) for made in (first, second)] == [401, 401]


TABLE = '[[hooks]]\nid = "AAAAAAAAAAAAAAAAAAAAAA"\napp = "mail.test"\nuser = "a"\nsource = "json"\n'

#: What a file may say, in place of a hook that is good, and what is said of that.
BROKEN = {
    "[[hooks": "is not TOML",
    TABLE: "secret_sha256",
    TABLE + 'secret_file = "gone.secret"': "gone.secret",
    "{other}": "gone.test",
    "{other}\n{other}": "declared twice",
    "heartbeat = 0\n{other}": "heartbeat",
}


def test_of_a_broken_file_nothing_is_taken(tmp_path: Path) -> None:
    made, other = new(tmp_path), new(tmp_path)
    file = tmp_path / "unisono.toml"
    file.write_text(made.lines)
    with serving(tmp_path / "unisono.db", "--config", file, env=ANY) as server:
        for number, (text, said) in enumerate(BROKEN.items(), 1):
            lines = other.lines.replace(APP, "gone.test") if said == "gone.test" else other.lines
            file.write_text(text.format(other=lines))
            reload(server)
            warning = server.several_until("not reloaded; what was there before stays in use", number)[-1]
            assert (warning["level"], warning["what"]) == ("warning", "the hooks")
            assert said in warning["error"]
            assert [asked(server, one) for one in (made, other)] == [200, 401]


def test_a_server_of_grpcio_says_that_it_has_to_start_anew(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text("")
    with serving(tmp_path / "unisono.db", "--config", file, env=ANY) as server:
        assert server.until("serving")["transport"] == "grpcio"
        file.write_text(new(tmp_path).lines)
        reload(server)
        warning = server.until("not reloaded; what was there before stays in use")
        assert 'transport = "http"' in warning["error"]


def test_a_server_of_grpcio_does_not_start_with_hooks(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(new(tmp_path).lines)
    env = {**TESTERS, "UNISONO_TRANSPORT": "grpcio"}
    done = run("serve", "--store", url(tmp_path / "unisono.db"), "--config", file, env=env)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert 'transport = "http"' in done.stderr
