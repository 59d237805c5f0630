"""`make serve` says how to go on, on half a screen, and keeps that in sight."""

from pathlib import Path

from tests.docs.reader import reading

REFUSED = "UNISONO_TOKEN=none unisono list --user ada || true"


async def test_it_names_the_files_of_its_tokens_and_hides_refused_calls(tmp_path: Path) -> None:
    # Given `make serve` on a terminal
    async with reading(tmp_path) as reader:
        serving = await reader.serve("make serve")
        # When a call is refused, and the server is stopped
        assert "the access token is no JWT" in await reader.run(REFUSED)
        said = await serving.interrupted()
        token = await reader.run("cat var/ada.token")

    # Then all it has said are the commands for the other terminals
    lines = said.splitlines()
    assert [line.strip() for line in lines if line.startswith("    ")] == [
        "UNISONO_TOKEN=$(cat var/ada.token) .venv/bin/unisono listen",
        'UNISONO_TOKEN=$(cat var/app.token) .venv/bin/unisono send ada "Hello"',
    ]
    assert len(lines) <= 18
    assert max(map(len, lines)) < 80
    assert token.strip() not in said
    assert "refused" not in said


async def test_it_says_why_it_cannot_serve(tmp_path: Path) -> None:
    async with reading(tmp_path) as reader:
        await reader.serve("make serve")
        assert "is in use by another unisono-server" in await reader.run("make serve 2>&1 || true")
