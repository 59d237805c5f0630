"""The command behind `make torture`: run after run, until enough has gone wrong with the server."""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path
from random import Random

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.guarantees.torture.figures import Figures
from tests.guarantees.torture.run import run
from unisono.verify.broken import Broken
from unisono.verify.checker import PROMISES, check

#: The ends of a server in one history: longer ones need much memory to be judged.
ENDS = 10


def main() -> int:
    """Run, and report. The exit status is 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--ends", type=int, default=200, help="how often the server is killed or stopped")
    parser.add_argument("--seed", type=int, default=Random().randrange(10**6), help="of an earlier run")  # noqa: S311
    wanted = parser.parse_args()
    # What the SDK says of refused marks is part of the torture.
    logging.getLogger("unisono.client").setLevel(logging.ERROR)
    console = Console(highlight=False)
    console.print(f"seed {wanted.seed}: the same faults in the same order come with --seed {wanted.seed}")
    figures, broken = torture(wanted.seed, wanted.ends, console)
    console.print("\n".join(figures.lines()))
    for one in broken.values():
        console.print(f"\n{one}")
    console.print(f"\n{len(PROMISES) - len(broken)} of {len(PROMISES)} promises kept")
    return 1 if broken else 0


def torture(seed: int, ends: int, console: Console) -> tuple[Figures, dict[str, Broken]]:
    """So many ends, in histories of a few; stops after the first in which a promise is broken."""
    figures, broken = Figures(), dict[str, Broken]()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("the server ended", total=ends)
        for start in range(0, ends, ENDS):
            with tempfile.TemporaryDirectory() as folder:
                count = min(ENDS, ends - start)
                done = asyncio.run(
                    run(Path(folder), seed=seed + start, ends=count, ended=lambda: progress.advance(task))
                )
            figures, broken = figures.plus(Figures.of(done)), check(done)
            if broken:
                progress.console.print(f"broken in the run with --seed {seed + start} --ends {count}")
                break
    return figures, broken


if __name__ == "__main__":
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    sys.exit(main())
