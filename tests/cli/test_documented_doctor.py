"""The example of `doctor` in the document is what it says."""

import re
from pathlib import Path

from tests.access.shapes import DOCUMENT, shapes
from tests.access.signing import jwk, jwks_file, rsa_key, signed
from tests.cli.command import run
from tests.docs.blocks import blocks_of

#: Lines whose values depend on the moment and on the keys.
VARYING = ("form", "keys", "time", "signature")


def lines_of(text: str) -> list[str]:
    """The lines up to the claims; what the document continues on a second line is one."""
    whole = re.sub(r"\n  (?! )", " ", text.split("\nClaims")[0]).splitlines()
    return [line for line in whole if line and line[2:].split(" ")[0] not in VARYING]


def test_the_example_is_what_it_says(tmp_path: Path) -> None:
    shape = next(shape for shape in shapes() if shape.name == "Keycloak")
    config = tmp_path / "unisono.toml"
    jwks = jwks_file(tmp_path, jwk(rsa_key(), kid="one"))
    config.write_text(shape.toml.replace('preset = "keycloak"', f'jwks_file = "{jwks}"'))
    token = signed({**shape.publisher, "aud": "account"}, rsa_key(), "RS256", kid="one")

    result = run("doctor", token, "--config", config)

    blocks = blocks_of(DOCUMENT.name, DOCUMENT.read_text(encoding="utf-8"))
    example = next(block.text for block in blocks if block.text.startswith("Refused:"))
    assert result.exit_code == 1
    assert lines_of(example) == lines_of(result.stdout)
