"""Profiles of the machines: the same few histories each time, three times as many in `make mutants`, or with
`--hypothesis-profile=thorough` many that differ from run to run. A failure is printed as a program, and as a
blob that repeats it.
"""

from hypothesis import HealthCheck, settings

#: Files, threads and servers take their time, and a machine may run all of its steps.
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)

settings.register_profile(
    "steady", parent=settings.get_profile("unhurried"), max_examples=30, suppress_health_check=SLOW
)
settings.register_profile("long", parent=settings.get_profile("steady"), max_examples=100)
settings.register_profile(
    "thorough", parent=settings.get_profile("steady"), max_examples=2000, derandomize=False
)
settings.load_profile("steady")
