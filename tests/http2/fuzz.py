"""Sends any number of random frames to connections without sockets: `python -m tests.http2.fuzz`.

By hand, for an hour or a night; `make test` tries thousands. With `--guided`, atheris, which is to be
installed besides, looks for bytes that reach new code; without, they are random, and come with their seed.
"""

import random
import sys
import time
from pathlib import Path

import click

from tests.http2.choices import Choices

REPORT = 30.0


class Progress:
    """Counts frames and connections, and says now and then how many there were."""

    def __init__(self, frames: int, connections: int) -> None:
        self._most = frames
        self._most_trials = connections
        self._begun = self._said = time.monotonic()
        self.frames = self.trials = 0

    def add(self, frames: int) -> bool:
        """Count those of a trial, and return whether there are to be more."""
        self.frames += frames
        self.trials += 1
        now = time.monotonic()
        over = self.frames >= self._most or self.trials >= self._most_trials
        if over or now - self._said >= REPORT:
            self._said = now
            rate = self.frames / max(now - self._begun, 1e-9)
            click.echo(f"{self.frames:,} frames in {self.trials:,} connections, {rate:,.0f} frames/s")
        return not over


def tried(data: bytes) -> int:
    """Try one connection, and return how many frames it took. Raises what is wrong."""
    from tests.http2.trial import Trial

    trial = Trial(Choices(data))
    trial.run()
    return trial.frames


def random_bytes(progress: Progress, seed: int, size: int) -> None:
    """Try bytes that a seed gives."""
    go_on = True
    while go_on:
        try:
            go_on = progress.add(tried(random.Random(seed).randbytes(size)))  # noqa: S311
        except Exception:
            click.echo(f"found with --seed {seed} --bytes {size} --connections 1", err=True)
            raise
        seed += 1


def guided_bytes(progress: Progress, corpus: Path, size: int) -> None:
    """Try bytes that reach new code; those that did are kept in a folder."""
    import atheris  # type: ignore[import-untyped]

    with atheris.instrument_imports(include=["unisono.server.api.http"]):
        import tests.http2.trial  # noqa: F401

    def one(data: bytes) -> None:
        if not progress.add(tried(data)):
            # Its loop has no other end.
            sys.stdout.flush()
            raise SystemExit

    corpus.mkdir(parents=True, exist_ok=True)
    atheris.Setup([sys.argv[0], str(corpus), f"-max_len={size}", "-len_control=0"], one)
    atheris.Fuzz()


@click.command()
@click.option("--frames", default=1_000_000, show_default=True, help="How many frames to send, at most.")
@click.option(
    "--connections", default=1_000_000, show_default=True, help="Over how many connections, at most."
)
@click.option(
    "--bytes", "size", default=3000, show_default=True, help="How long each lasts: ten bytes are a frame."
)
@click.option("--seed", default=0, show_default=True, help="The first seed of random bytes.")
@click.option("--guided", is_flag=True, help="Have atheris look for bytes that reach new code.")
@click.option(
    "--corpus", type=click.Path(path_type=Path), default=Path(".cache/fuzz/http2"), show_default=True
)
def main(frames: int, connections: int, size: int, seed: int, guided: bool, corpus: Path) -> None:
    """Send random frames, and judge all answers."""
    progress = Progress(frames, connections)
    if guided:
        guided_bytes(progress, corpus, size)
    else:
        random_bytes(progress, seed, size)


if __name__ == "__main__":
    main()
