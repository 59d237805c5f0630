"""`make stubs` makes stubs with the generators of a language, and says how to get one that is missing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from tests.packaging.sources import ROOT
from tests.support.processes import TIMEOUT
from unisono.v1 import (
    endpoint_service_pb2,
    error_reason_pb2,
    feed_service_pb2,
    notification_pb2,
    notification_service_pb2,
)

FILES: list[FileDescriptor] = [
    endpoint_service_pb2.DESCRIPTOR,
    error_reason_pb2.DESCRIPTOR,
    feed_service_pb2.DESCRIPTOR,
    notification_pb2.DESCRIPTOR,
    notification_service_pb2.DESCRIPTOR,
]

#: Answers a request for code with none: its CodeGeneratorResponse says that it knows optional fields.
GENERATOR = r"""#!/bin/sh
cat > "$0.request"
printf '\020\001'
"""


def stubs(language: str, out: Path, *programs: Path) -> subprocess.CompletedProcess[str]:
    """Run the script where nothing is on the PATH but the shell's tools and these folders."""
    path = os.pathsep.join([*map(str, programs), "/usr/bin", "/bin"])
    command = (ROOT / "scripts" / "stubs", language, out)
    env = {"PATH": path, "HOME": str(out)}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=TIMEOUT)


@pytest.mark.parametrize("language", ["klingon", ""])
def test_the_languages_are_named(tmp_path: Path, language: str) -> None:
    ended = stubs(language, tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("stubs: LANGUAGE is one of cpp, go, java, rust and typescript;")


@pytest.mark.skipif(bool(shutil.which("protoc-gen-go", path="/usr/bin:/bin")), reason="it is there")
def test_a_generator_that_is_missing_is_named_with_how_to_get_it(tmp_path: Path) -> None:
    ended = stubs("go", tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    missing, how, *_ = ended.stderr.splitlines()
    assert missing == "stubs: protoc-gen-go is not on the PATH. To get it:"
    assert "go install" in how


def test_generators_get_all_files_of_the_contract(tmp_path: Path) -> None:
    # Given the generators of a language, which write down what they are asked
    generators, out = tmp_path / "bin", tmp_path / "out"
    generators.mkdir()
    for name in ("protoc-gen-go", "protoc-gen-go-grpc"):
        (generators / name).write_text(GENERATOR)
        (generators / name).chmod(0o755)
    out.mkdir()

    # When stubs are made
    ended = stubs("go", out, generators)

    # Then both were asked for all of the contract, each with its options
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "docs/clients.md" in ended.stdout
    for request in generators.glob("*.request"):
        asked = request.read_bytes()
        assert all(file.name.encode() in asked for file in FILES)
        assert b"paths=source_relative" in asked
    assert len(list(generators.glob("*.request"))) == 2


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_a_file_says_what_it_is_called_in_other_languages(file: FileDescriptor) -> None:
    options = file.GetOptions()
    assert options.go_package == "unisono/v1;unisonov1"
    assert (options.java_package, options.java_multiple_files) == ("unisono.v1", True)
    assert (options.csharp_namespace, options.php_namespace) == ("Unisono.V1", "Unisono\\V1")
    assert (options.ruby_package, options.swift_prefix) == ("Unisono::V1", "UnisonoV1")


def test_reads_and_nothing_else_have_no_side_effects() -> None:
    methods = [
        method for file in FILES for service in file.services_by_name.values() for method in service.methods
    ]
    free = {m.name for m in methods if m.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS}
    assert free == {m.name for m in methods if m.name.startswith(("Get", "List"))}
    assert len(free) == 5
