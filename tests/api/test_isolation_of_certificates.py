"""Every RPC, reached for by who shows a certificate: it stands for a token, or proves a bound one."""

import itertools
from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio

from tests.api.isolation_matrix.callers import CALLERS, CHAT, Caller
from tests.api.isolation_matrix.rows import play
from tests.api.isolation_matrix.table import EXPECTED, WORDS
from tests.api.isolation_matrix.trust import CHAT_HOST, MAIL_HOST, device, publisher, subject_of, verifier
from tests.api.isolation_matrix.worlds import PHONE
from tests.api.test_isolation_matrix import ROWS
from tests.support.certified import CLIENTS, Certified, certified
from tests.support.client_authority import Shown
from tests.support.clocks import FakeClock
from tests.support.methods import Method
from tests.support.nodes import Setup
from unisono.server.model import Limits

_NUMBERS = itertools.count()

MAIL: Final = CLIENTS.dns(MAIL_HOST)
CHAT_APP: Final = CLIENTS.dns(CHAT_HOST)
NOBODY: Final = CLIENTS.dns("backend.internal")
PHONES: Final = CLIENTS.dns("phone.test")

#: What a token of the user's device is bound to.
BOUND: Final = {"x5t#S256": PHONES.thumbprint}


def _without_token(*, owner: bool = False, accepted: bool = True) -> Caller:
    return Caller(token=lambda _: None, names_user=True, owner=owner, accepted=accepted)


#: Who calls, what is shown, and the column of the table that says what comes of it.
BY_CERTIFICATE: Final[dict[str, tuple[Caller, Shown, str]]] = {
    "own certificate": (_without_token(owner=True), MAIL, "own app"),
    "other certificate": (_without_token(), CHAT_APP, "other app"),
    "other token": (Caller(token=lambda _: publisher(**CHAT), names_user=True), MAIL, "other app"),
    "other device": (CALLERS["other app's"], MAIL, "other app's"),
    "undeclared token": (CALLERS["undeclared"], MAIL, "undeclared"),
    "own device": (
        Caller(token=lambda user: device(subject_of(user), cnf=BOUND), endpoint_id=PHONE, owner=True),
        PHONES,
        "own device",
    ),
    "stolen device token": (
        Caller(token=lambda user: device(subject_of(user), cnf=BOUND), endpoint_id=PHONE, accepted=False),
        NOBODY,
        "undeclared",
    ),
    "undeclared certificate": (_without_token(accepted=False), NOBODY, "no token"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Certified]:
    folder, clock = tmp_path_factory.mktemp("certificates"), FakeClock()
    limits = Limits(stranger_calls_per_second=100_000)
    setup = Setup(path=folder / "unisono.db", clock=clock, limits=limits, verifier=verifier(clock))
    async with certified(folder, setup) as node:
        yield node


@pytest.mark.parametrize(("method", "way"), ROWS, ids=[f"{method.path} {way}" for method, way in ROWS])
async def test_each_gets_what_the_table_says(node: Certified, method: Method, way: str) -> None:
    callers = {name: caller for name, (caller, _, _) in BY_CERTIFICATE.items()}
    shown = {id(caller): shown for caller, shown, _ in BY_CERTIFICATE.values()}
    row = await play(
        node.node,
        method,
        way,
        next(_NUMBERS),
        callers,
        lambda caller: node.channel(shown[id(caller)]),
    )
    unexpected = {
        name: (word, row.outcomes[name])
        for name, (_, _, column) in BY_CERTIFICATE.items()
        if row.outcomes[name] not in WORDS[word := EXPECTED[way][column]]
    }
    assert not unexpected
    assert not row.told_apart
    assert not row.told
    assert not row.changed
