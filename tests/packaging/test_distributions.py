"""What a user of the distributions gets: one namespace, one package each, and nothing else."""

import re
import tarfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.packaging.sources import DISTRIBUTIONS, ROOT, build

DEPENDENCIES = {
    "unisono-proto": {"grpcio", "protobuf"},
    "unisono-client": {
        "click",
        "googleapis-common-protos",
        "grpcio",
        "httpx",
        "protobuf",
        "pyjwt",
        "rich",
        "unisono-proto",
    },
    "unisono-verify": {
        "click",
        "googleapis-common-protos",
        "protobuf",
        "rich",
        "unisono-client",
        "unisono-proto",
    },
    "unisono-server": {
        "aiosqlite",
        "click",
        "cryptography",
        "googleapis-common-protos",
        "grpcio",
        "grpcio-health-checking",
        "grpcio-reflection",
        "h11",
        "hpack",
        "httpx",
        "opentelemetry-api",
        "opentelemetry-exporter-otlp-proto-grpc",
        "opentelemetry-sdk",
        "prometheus-client",
        "protobuf",
        "pydantic",
        "pyjwt",
        "structlog",
        "unisono-proto",
        "uvloop",
    },
}

COMMANDS = {
    "unisono-proto": [],
    "unisono-client": ["unisono = unisono.client.cli:main"],
    "unisono-verify": ["unisono-verify = unisono.verify.cli:main"],
    "unisono-server": ["unisono-server = unisono.server.cli:main"],
}


@pytest.fixture(scope="module", params=DISTRIBUTIONS)
def distribution(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def built(distribution: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp(distribution)
    build(distribution, target)
    return target


@pytest.fixture(scope="module")
def wheel(built: Path) -> ZipFile:
    (path,) = built.glob("*.whl")
    return ZipFile(path)


@pytest.fixture(scope="module")
def info(wheel: ZipFile) -> str:
    return next(name for name in wheel.namelist() if name.endswith("/METADATA")).split("/")[0]


@pytest.fixture(scope="module")
def metadata(wheel: ZipFile, info: str) -> Message:
    return Parser().parsestr(wheel.read(f"{info}/METADATA").decode())


def test_a_wheel_holds_its_own_package_alone(distribution: str, wheel: ZipFile, info: str) -> None:
    _, package = DISTRIBUTIONS[distribution]
    files = [name for name in wheel.namelist() if not name.startswith(f"{info}/")]
    assert [name for name in files if not name.startswith(f"{package}/")] == []
    assert f"{package}/py.typed" in files
    assert any(name.endswith(".py") for name in files)
    assert [name for name in files if Path(name).name.startswith("test_") or "/tests/" in name] == []


def test_the_namespace_belongs_to_no_wheel(wheel: ZipFile) -> None:
    assert "unisono/__init__.py" not in wheel.namelist()


def test_the_namespace_belongs_to_no_folder() -> None:
    for folder, _ in DISTRIBUTIONS.values():
        assert not (ROOT / folder / "unisono" / "__init__.py").exists()


def test_an_install_brings_what_is_needed_and_no_more(distribution: str, metadata: Message) -> None:
    requirements = metadata.get_all("Requires-Dist", [])
    names = {re.split(r"[^\w-]", requirement)[0] for requirement in requirements}
    assert names == DEPENDENCIES[distribution]


def test_the_parts_of_a_release_fit_together(metadata: Message) -> None:
    requirements = metadata.get_all("Requires-Dist", [])
    siblings = {requirement for requirement in requirements if requirement.startswith("unisono")}
    version = metadata["Version"]
    assert siblings <= {f"unisono-proto=={version}", f"unisono-client=={version}"}


def test_metadata_names_license_and_python(metadata: Message) -> None:
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Summary"]
    assert metadata.get_payload()


def test_the_license_travels_along(built: Path, wheel: ZipFile, info: str) -> None:
    text = (ROOT / "LICENSE").read_bytes()
    assert wheel.read(f"{info}/licenses/LICENSE") == text
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as sdist:
        member = sdist.extractfile(f"{path.name.removesuffix('.tar.gz')}/LICENSE")
        assert member is not None
        assert member.read() == text


def test_a_wheel_brings_its_command_alone(distribution: str, wheel: ZipFile, info: str) -> None:
    path = f"{info}/entry_points.txt"
    lines = wheel.read(path).decode().split("\n") if path in wheel.namelist() else []
    assert [line for line in lines if "=" in line] == COMMANDS[distribution]
