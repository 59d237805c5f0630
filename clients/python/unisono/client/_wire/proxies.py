"""Which proxy of the environment gRPC goes through, and how it is told not to.

The rules are those of gRPC's http_proxy_mapper.cc: names in lower case only, no curl-like "*".
"""

import ipaddress
import os
from typing import Final

from unisono.client._wire.address import Address
from unisono.client._wire.targets import hosts_of, leaves_the_machine

_PROXIES: Final = ("grpc_proxy", "https_proxy", "http_proxy")
_EXCEPTIONS: Final = ("no_grpc_proxy", "no_proxy")


def may_use_proxy(address: Address) -> bool:
    """Return whether connections to an address may go through a proxy: not those to this machine."""
    return address.use_proxy and leaves_the_machine(address.target)


def proxy_variable(address: Address) -> str:
    """Return the variable of the environment that has the proxy of an address; empty where there is none."""
    variable = _first_set(_PROXIES)
    # gRPC speaks to proxies in the clear only, and leaves out what it cannot use.
    if not may_use_proxy(address) or not os.environ.get(variable, "").startswith("http://"):
        return ""
    excepted = os.environ.get(_first_set(_EXCEPTIONS), "").split(",")
    host, *_ = hosts_of(address.target)
    return "" if any(_covers(entry.strip(), host) for entry in excepted) else variable


def _first_set(names: tuple[str, ...]) -> str:
    """Return the first that is set, also to nothing: that hides those behind it."""
    return next((name for name in names if name in os.environ), "")


def _covers(entry: str, host: str) -> bool:
    """Return whether an entry of `no_proxy` is the end of a host's name, or a network that it is in."""
    if entry and host.lower().endswith(entry.lower()):
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
