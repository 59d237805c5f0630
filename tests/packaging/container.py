"""The image that the project ships: what its Containerfile and the compose file say."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from tests.packaging.sources import ROOT

CONTAINER: Final = ROOT / "deploy" / "container"


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction, and all behind it in one line."""

    name: str
    text: str


def instructions() -> Sequence[Instruction]:
    """Those of the Containerfile, in their order."""
    text = (CONTAINER / "Containerfile").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", lines).splitlines()
    return [Instruction(*line.split(maxsplit=1)) for line in joined if line]


def texts(name: str) -> Iterator[str]:
    """What stands behind each instruction of this name."""
    return (one.text for one in instructions() if one.name == name)


def variables() -> Mapping[str, str]:
    """The environment of the image."""
    return dict(pair.split("=", 1) for text in texts("ENV") for pair in shlex.split(text))


def command() -> Sequence[str]:
    """What a container starts, as arguments."""
    return [*json.loads(next(texts("ENTRYPOINT"))), *json.loads(next(texts("CMD")))]


def health_check() -> Sequence[str]:
    """What is asked whether it is healthy, as arguments."""
    (text,) = texts("HEALTHCHECK")
    return list(json.loads(text.partition("CMD ")[2]))


def composed() -> Mapping[str, Any]:
    """The service of the compose file."""
    (service,) = yaml.safe_load((CONTAINER / "compose.yaml").read_text(encoding="utf-8"))["services"].values()
    return dict(service)
