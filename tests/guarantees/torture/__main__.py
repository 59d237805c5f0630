"""The command behind `make torture`: runs one trial after the other, and reports what came of them."""

import argparse
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from tests.guarantees.torture import report
from tests.guarantees.torture.run import Result, run
from tests.guarantees.torture.tools import missing
from tests.guarantees.torture.trial import Trial
from tests.guarantees.torture.trials import TRIALS
from unisono.verify.history_file import Saved, save

#: The folder for histories of trials that failed.
KEPT = Path(".cache/torture")

#: Columns of a line that names, bars, counts and times take.
BESIDE = 52

EXAMPLES = """examples:
  make torture                                everything, with a seed of chance
  make torture ONLY="killed disk" SEED=7      two trials, as they went with that seed
  make torture TIMES=10                       ten times as long
  make torture ROUNDS=3                       three rounds of each, for a first look
"""


def main() -> int:
    """Run the trials, and report. Returns the exit status: 1 if a promise was broken or a trial failed."""
    wanted = _arguments()
    # The SDK warns of refused marks, which are intended here.
    logging.getLogger("unisono.client").setLevel(logging.CRITICAL)
    console = Console(highlight=False)
    console.print(f"seed {wanted.seed}: the same faults come in the same order with SEED={wanted.seed}")
    results = list(_torture(wanted, console))
    console.print(*report.lines(results), sep="\n")
    return 0 if results and all(result.good for result in results) else 1


def _torture(wanted: argparse.Namespace, console: Console) -> Iterator[Result]:
    # The description is cut where the terminal is narrow.
    room = Column(no_wrap=True, overflow="ellipsis", max_width=max(8, console.width - BESIDE))
    says = TextColumn("{task.fields[says]}", table_column=room)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        says,
    )
    with Progress(*columns, console=console) as progress:
        trials = [trial for trial in TRIALS if trial.name in wanted.only]
        tasks = {trial.name: _task(progress, trial, wanted) for trial in trials}
        for trial in trials:
            if lacking := missing(trial.needs):
                progress.console.print(f"{trial.name}: left out, for lack of {', '.join(lacking)}")
                continue
            yield _with_bar(progress, tasks[trial.name], trial, wanted)


def _task(progress: Progress, trial: Trial, wanted: argparse.Namespace) -> TaskID:
    return progress.add_task(trial.name, total=_rounds(trial, wanted), start=False, says=trial.says)


def _with_bar(progress: Progress, task: TaskID, trial: Trial, wanted: argparse.Namespace) -> Result:
    progress.start_task(task)
    result = run(trial, seed=wanted.seed, rounds=_rounds(trial, wanted), done=lambda: progress.advance(task))
    progress.stop_task(task)
    _keep(result, progress.console)
    if not progress.console.is_terminal:
        progress.console.print(f"{trial.name}: {result.rounds} rounds, {report.outcome(result)}")
    return result


def _keep(result: Result, console: Console) -> None:
    """Save the history of a trial that failed."""
    if result.history is not None:
        KEPT.mkdir(parents=True, exist_ok=True)
        path = KEPT / f"{result.trial.name}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            save(Saved(history=result.history), file)
        console.print(f"{result.trial.name} went wrong; to judge it again: unisono-verify judge {path}")


def _rounds(trial: Trial, wanted: argparse.Namespace) -> int:
    rounds: int = wanted.rounds or trial.full * wanted.times
    return rounds


def _arguments() -> argparse.Namespace:
    names = [trial.name for trial in TRIALS]
    parser = argparse.ArgumentParser(
        prog="make torture",
        description="Gives a real server bad days, and has the judge read what its clients recorded.",
        epilog=EXAMPLES + "\ntrials:\n" + "\n".join(f"  {trial.name:<9} {trial.says}" for trial in TRIALS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="TRIAL", help="these")
    parser.add_argument("--rounds", type=_positive, help="of each trial; otherwise each has its own number")
    parser.add_argument("--times", type=_positive, default=1, help="so many times as long")
    parser.add_argument("--seed", type=int, default=Random().randrange(10**6), help="of an earlier run")  # noqa: S311
    return parser.parse_args()


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1; is {value}")
    return value


if __name__ == "__main__":
    sys.exit(main())
