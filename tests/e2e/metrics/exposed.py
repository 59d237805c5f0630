"""The names of all metrics that a server can expose: of one that has something of everything."""

import re
from collections.abc import Collection
from pathlib import Path

from tests.http.authority import Authority
from tests.support.nodes import Setup
from tests.support.scraping import scraped
from tests.support.tokens import SECRET
from unisono.server.api.http_server import HttpServer
from unisono.server.keys.base import FixedKeys
from unisono.server.keys.formats import key_of_secret

#: What the library tells of the process.
_PROCESS = re.compile("process_")


async def exposed(folder: Path) -> dict[str, str]:
    """Return the kinds of all metrics by their names as queries have them, without what histograms add."""
    setup = Setup(
        path=folder / "unisono.db", make_server=HttpServer, certificate=Authority(folder).certificate
    )
    issuers = (("issuer", FixedKeys(key_of_secret(SECRET))),)
    async with scraped(setup, issuers=issuers) as served:
        told = await served.scrape()
    return {
        f"{family.name}_total" if family.type == "counter" else family.name: family.type
        for family in told.families
    }


def without_process(names: Collection[str]) -> set[str]:
    """Return the names that are the service's own."""
    return {name for name in names if not _PROCESS.match(name)}


def metrics_in(expression: str) -> set[str]:
    """Return the names of our metrics in an expression of PromQL, as `exposed` has them."""
    without_text = re.sub(r'"[^"]*"', '""', expression)
    named = re.findall(r"\b(?:unisono|grpc_server|process)_[a-z_]+", without_text)
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in named}
