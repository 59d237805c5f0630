"""The image, the compose file and the settings to begin with agree with each other and with the server."""

import re
import tomllib
from pathlib import Path

from tests.packaging import container, units
from unisono.server.config import Settings
from unisono.server.config.address import Address
from unisono.server.config.sources import OTHER_VARIABLES, variable_of

USER = "10001"
SETTINGS = tomllib.loads((units.UNITS.parent / "unisono.toml").read_text(encoding="utf-8"))


def test_the_image_and_the_file_know_settings_that_there_are() -> None:
    known = {variable_of(name) for name in Settings.model_fields} | OTHER_VARIABLES
    named = {name for name in container.variables() if name.startswith("UNISONO_")}
    assert len(named) > 3
    assert named <= known
    Settings.model_validate(SETTINGS)


def test_the_port_is_the_same_everywhere() -> None:
    port = str(Address.parse(container.variables()["UNISONO_LISTEN"]).port)
    assert [*container.texts("EXPOSE")] == [port]
    assert container.composed()["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert Address.parse(SETTINGS["listen"]) == Address("127.0.0.1", int(port))


def test_what_is_written_is_on_the_volume() -> None:
    (volume,) = container.texts("VOLUME")
    store = container.variables()["UNISONO_STORE"]
    assert Settings(store=store).store_file.parent == Path(volume)
    assert store == SETTINGS["store"]
    assert container.variables()["SQLITE_TMPDIR"] == volume
    assert container.composed()["volumes"] == [f"store:{volume}"]


def test_what_is_read_is_where_the_settings_say_and_for_the_user_of_the_image() -> None:
    assert [*container.texts("USER")] == [f"{USER}:{USER}"]
    mounted = container.composed()["secrets"]
    files = {container.variables()["UNISONO_CONFIG"], SETTINGS["issuers"][0]["secret_file"]}
    assert {one["target"] for one in mounted} == files
    assert {(one["uid"], one["gid"], one["mode"]) for one in mounted} == {(USER, USER, 0o440)}


def test_a_container_can_do_nothing_that_a_server_does_not() -> None:
    service = container.composed()
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_a_container_is_asked_for_its_health_and_has_the_time_to_stop_that_it_takes() -> None:
    service = container.composed()
    assert service["healthcheck"]["test"] == ["CMD", *container.health_check()]
    seconds = re.fullmatch(r"(\d+)s", service["stop_grace_period"])
    assert seconds is not None
    assert int(seconds[1]) >= 2 * Settings.model_fields["drain_grace"].default


def test_as_many_devices_fit_into_a_container_as_into_a_service() -> None:
    (limit,) = units.directives(units.UNITS / "unisono.service")["LimitNOFILE"]
    assert container.composed()["ulimits"]["nofile"] == int(limit)
