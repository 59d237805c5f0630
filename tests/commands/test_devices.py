"""`unisono devices --delete`: a device that was lost is deleted, by its user or by a backend."""

from tests.commands.unisono import Cli


def test_a_lost_device_is_deleted(app: Cli, user: Cli, ada: str) -> None:
    sent = app.json_lines("send", ada, "Hello")[0]["id"]
    for endpoint in ("phone", "laptop"):
        user.stdout("mark", sent, "--read", "--endpoint", endpoint)

    assert app.stdout("devices", "--user", ada, "--delete", "phone") == "deleted\n"
    assert app.stdout("devices", "--user", ada, "--delete", "phone") == "it was deleted already\n"
    assert user.json_lines("devices", "--delete", "laptop", "--may-return") == [
        {"endpoint_id": "laptop", "already_removed": False}
    ]

    assert app.json_lines("devices", "--user", ada) == []
    assert "was deleted" in user.run("mark", sent, "--unread", "--endpoint", "phone").stderr


def test_a_device_that_is_not_there_is_no_deletion(app: Cli, ada: str) -> None:
    app.stdout("send", ada, "Hello")
    ended = app.run("devices", "--user", ada, "--delete", "nobody's")
    assert (ended.returncode, "no such endpoint" in ended.stderr) == (1, True)


def test_what_may_return_has_to_be_named(app: Cli, ada: str) -> None:
    ended = app.run("devices", "--user", ada, "--may-return")
    assert (ended.returncode, "--delete ID names the device" in ended.stderr) == (2, True)


def test_one_that_listens_only_for_now_is_said_to_be_ephemeral(app: Cli, user: Cli, ada: str) -> None:
    with user.started("listen", "--plain", "--endpoint", "kiosk", "--ephemeral") as listening:
        listening.until("● live")
        (kiosk,) = app.json_lines("devices", "--user", ada)
    assert (kiosk["endpoint_id"], kiosk["connected"], kiosk["ephemeral"]) == ("kiosk", True, True)
