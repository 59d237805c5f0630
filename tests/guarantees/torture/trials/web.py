"""Trials *web-killed*, *web-stopped*, *web-cut* and *web-slow*: those of gRPC, with everybody on the web.

Backend and devices come by one door after the other: Connect in binary and in JSON, and gRPC-Web.
"""

from dataclasses import replace
from typing import Final

from tests.guarantees.torture.trial import Trial
from tests.guarantees.torture.trials import network, process_faults


def over_the_web(trial: Trial) -> Trial:
    """Return a trial whose clients all come over the web."""
    return replace(trial, name=f"web-{trial.name}", says=f"over the web: {trial.says}", web=True)


KILLED: Final = over_the_web(process_faults.KILLED)
STOPPED: Final = over_the_web(process_faults.STOPPED)
CUT: Final = over_the_web(network.CUT)
SLOW: Final = over_the_web(network.SLOW)
