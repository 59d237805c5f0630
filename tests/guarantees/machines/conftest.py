"""How much the machines try: the same few histories each time, or, with `--hypothesis-profile=thorough`,
many that differ from run to run. What fails is printed as a program, and as a blob that repeats it.
"""

from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

#: Where it keeps what it has found out about the code.
set_hypothesis_home_dir(Path(__file__).parents[3] / ".cache" / "hypothesis")

#: Files, threads and servers take their time, and a machine may run all of its steps.
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)

settings.register_profile(
    "steady",
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=SLOW,
)
settings.register_profile(
    "thorough", parent=settings.get_profile("steady"), max_examples=2000, derandomize=False
)
settings.load_profile("steady")
