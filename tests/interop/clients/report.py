"""Makes `docs/interop.md` of what the last run has found: `python -m tests.interop.clients.report`."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

from tests.interop.clients.cases import CASES
from tests.interop.clients.results import FAILED, NOT_FOR_IT, NOT_TRIED, OK, Result, Run, load

PAGE: Final = Path(__file__).parents[3] / "docs" / "interop.md"

_CELLS: Final[Mapping[str, str]] = {OK: "ok", FAILED: "**failed**", NOT_FOR_IT: "-", NOT_TRIED: "not tried"}

_INTRO: Final = """\
# Clients of others

Libraries of gRPC, Connect, gRPC-Web and HTTP that nobody here wrote, each with a client by the contract
alone, without an SDK of ours, against a server with `transport = "{transport}"`. `make interop` builds and
runs them, and `make interop-report` makes this page of what that found: it is never edited by hand.
[What a client is, and what exactly each case asks of it](../tests/interop/clients/README.md).

Tried on {date} against unisono-server {server}. {sum}"""

_BESIDE: Final = """\
## What else is tried

In `make test`, where `make tools` has built them: h2spec, which has 146 cases, all of them passed
([test](../tests/http/test_h2spec.py)); 14 cases of the interop client of grpc-go
([test](../tests/grpc_protocol/test_interop_client.py)); and Connect's conformance suite, of which 2,636 cases
are passed, and none fails: Connect, gRPC and gRPC-Web, protobuf and JSON, with gzip and without, by HTTP/1.1
and HTTP/2, in the clear and under TLS. Left out are those whose client sends a stream, which only reflection
takes here, of certificates of clients, of HTTP/3, and of other compressions
([test](../tests/conformance/test_suite.py)). In `make test`, too: a whole
[device in Go](../clients/examples/go/README.md), buf curl with and without reflection, and grpclib. In
`make interop` besides: an OpenID provider, whose tokens a server takes ([how](try-with-a-provider.md))."""


def page(run: Run) -> str:
    """Return the page in Markdown."""
    return "\n\n".join(_parts(run)) + "\n"


def _parts(run: Run) -> Iterator[str]:
    yield _INTRO.format(transport=run.transport, date=run.date, server=run.server, sum=_sum(run))
    yield "\n".join(_table(run))
    notes = [result for result in run.results if result.outcome != OK]
    if notes:
        yield "\n".join(_notes(notes))
    yield "## The cases"
    yield "\n".join(
        ("| case | what is tried |", "|---|---|", *(f"| `{case}` | {CASES[case]} |" for case in CASES))
    )
    yield _BESIDE


def _sum(run: Run) -> str:
    tried = [result for result in run.results if result.outcome in (OK, FAILED)]
    good = sum(result.outcome == OK for result in tried)
    return f"{good} of {len(tried)} are ok."


def _table(run: Run) -> Iterator[str]:
    yield f"| client | {' | '.join(f'`{case}`' for case in CASES)} |"
    yield "|---" * (len(CASES) + 1) + "|"
    for client, results in groupby(run.results, key=lambda result: result.client):
        by_case = {result.case: result for result in results}
        library = next((result.version for result in by_case.values() if result.version), client)
        cells = (_cell(by_case.get(case)) for case in CASES)
        yield f"| {library} | {' | '.join(cells)} |"


def _cell(result: Result | None) -> str:
    return _CELLS[NOT_TRIED if result is None else result.outcome]


def _notes(results: list[Result]) -> Iterator[str]:
    """Say each reason once, with the cases that it is that of."""
    reasons: dict[tuple[str, str, str], list[str]] = {}
    for result in results:
        reasons.setdefault((result.client, result.outcome, result.reason), []).append(result.case)
    for (client, outcome, reason), cases in reasons.items():
        yield f"- {client}, {', '.join(cases)}: {outcome}; {reason}"


if __name__ == "__main__":
    PAGE.write_text(page(load()), encoding="utf-8")
