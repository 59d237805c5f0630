"""A proxy in the environment is for the way to other machines; whoever fails to get through it is told so."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc
import pytest

from tests.commands.unisono import Cli
from tests.sdk.backoffs import QUICK
from tests.support import tokens
from tests.support.connect_proxy import DEAD_PROXY, ConnectProxy, tunnelling, without_proxy
from tests.support.nodes import Running
from tests.support.processes import ServerProcess, serving
from unisono.client import Publisher, create_channel
from unisono.client._wire.address import Address
from unisono.client._wire.proxies import proxy_variable

#: Both lead to this machine; the second is no loopback by its name.
LOOPBACK, ANYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104  nobody listens there


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """One without any proxy."""
    without_proxy(monkeypatch)
    return monkeypatch


@pytest.fixture
async def proxy(node: Running, environment: pytest.MonkeyPatch) -> AsyncIterator[ConnectProxy]:
    """A proxy that leads to the node, in the environment."""
    async with tunnelling(node.target) as proxy:
        environment.setenv("http_proxy", proxy.url)
        yield proxy


def away(node: Running) -> str:
    """The node by an address that is no loopback by its name, and yet leads to this machine."""
    return node.target.replace(LOOPBACK, ANYWHERE)


def publisher(target: str, *, use_proxy: bool = True) -> Publisher:
    return Publisher(target, tokens.publisher(), backoff=QUICK, use_proxy=use_proxy)


async def test_calls_to_another_machine_go_through_it(proxy: ConnectProxy) -> None:
    # Given a name that only the proxy can resolve
    async with publisher("unisono.test:50051") as backend:
        await backend.send("ada", title="x")
        await backend.send("ada", title="y")

    # Then both calls travel through one tunnel
    assert proxy.asked == ["unisono.test:50051"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "ipv4:127.0.0.1"])
async def test_calls_to_this_machine_do_not(proxy: ConnectProxy, node: Running, host: str) -> None:
    async with publisher(node.target.replace(LOOPBACK, host)) as backend:
        await backend.send("ada", title="x")
    assert proxy.asked == []


@pytest.mark.parametrize("scheme", ["unix", "unix-abstract"])
async def test_nor_do_those_to_a_socket_of_this_machine(
    proxy: ConnectProxy, tmp_path: Path, scheme: str
) -> None:
    target = f"{scheme}:{tmp_path}/unisono.sock"
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Echo(),))
    server.add_insecure_port(target)
    await server.start()
    async with create_channel(target) as channel:
        echo: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/any/method")
        assert await echo(b"hello") == b"hello"
    await server.stop(None)
    assert proxy.asked == []


class Echo(grpc.GenericRpcHandler):
    """Answers every call with its request."""

    def service(self, _: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        async def echo(request: bytes, _: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
            return request

        return grpc.unary_unary_rpc_method_handler(echo)


async def test_a_program_may_go_past_it(proxy: ConnectProxy, node: Running) -> None:
    async with publisher(away(node), use_proxy=False) as backend:
        await backend.send("ada", title="x")
    assert proxy.asked == []

    async with publisher(away(node)) as backend:
        await backend.send("ada", title="x")
    assert proxy.asked == [away(node)]


async def test_what_the_environment_excepts_is_what_grpc_goes_past(
    proxy: ConnectProxy, node: Running, environment: pytest.MonkeyPatch
) -> None:
    address = Address(target=away(node))
    past = []
    for exceptions in (
        ANYWHERE,
        ".0.0",
        f"a.test, {ANYWHERE}",
        f"{ANYWHERE}/8",
        "10.0.0.0/8",
        "*",
        "0.0.0.1",
        "",
    ):
        environment.setenv("no_proxy", exceptions)
        proxy.asked.clear()
        async with publisher(away(node)) as backend:
            await backend.send("ada", title="x")

        # Then what this SDK says of an environment is what gRPC does in it
        assert bool(proxy.asked) is bool(proxy_variable(address)), exceptions
        past += [] if proxy.asked else [exceptions]
    assert past == [ANYWHERE, ".0.0", f"a.test, {ANYWHERE}", f"{ANYWHERE}/8"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(tmp_path_factory.mktemp("proxies") / "unisono.db") as server:
        yield server


def test_the_command_reaches_this_machine_and_names_the_variable_elsewhere(server: ServerProcess) -> None:
    app = Cli(server.address, tokens.publisher())
    assert app.run("list", "--user=ada", **DEAD_PROXY).returncode == 0

    elsewhere = ("list", "--user=ada", "--timeout=1s", "--target", server.address.replace(LOOPBACK, ANYWHERE))
    ended = app.run(*elsewhere, **DEAD_PROXY)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "Hint: calls go through the proxy that https_proxy names: does it let them pass? --no-proxy, or "
        f"{ANYWHERE} in no_proxy, goes past it"
    )
    assert app.run(*elsewhere, "--no-proxy", **DEAD_PROXY).returncode == 0


REMOTE = "host.example.com:443"


@pytest.mark.parametrize(
    ("target", "variables", "expected"),
    [
        (REMOTE, {}, ""),
        (REMOTE, {"http_proxy": "http://p:1"}, "http_proxy"),
        (REMOTE, {"http_proxy": "http://p:1", "https_proxy": "http://p:1"}, "https_proxy"),
        (REMOTE, {"grpc_proxy": "http://p:1", "https_proxy": "http://p:1"}, "grpc_proxy"),
        # What is set to nothing hides the others.
        (REMOTE, {"grpc_proxy": "", "https_proxy": "http://p:1"}, ""),
        # gRPC knows neither of these.
        (REMOTE, {"HTTPS_PROXY": "http://p:1"}, ""),
        (REMOTE, {"https_proxy": "socks5://p:1"}, ""),
        (REMOTE, {"http_proxy": "http://p:1", "no_proxy": "a.test, EXAMPLE.com"}, ""),
        (REMOTE, {"http_proxy": "http://p:1", "no_proxy": "a.test,,*"}, "http_proxy"),
        (REMOTE, {"http_proxy": "http://p:1", "no_proxy": "com", "no_grpc_proxy": "org"}, "http_proxy"),
        ("10.1.2.3:1", {"http_proxy": "http://p:1", "no_proxy": "10.0.0.0/8"}, ""),
        ("10.1.2.3:1", {"http_proxy": "http://p:1", "no_proxy": "192.168.0.0/16"}, "http_proxy"),
        ("dns:///localhost:1", {"http_proxy": "http://p:1"}, ""),
        ("unix:/run/unisono.sock", {"http_proxy": "http://p:1"}, ""),
    ],
)
def test_the_variable_that_counts(
    environment: pytest.MonkeyPatch, target: str, variables: dict[str, str], expected: str
) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)
    assert proxy_variable(Address(target=target)) == expected
    assert proxy_variable(Address(target=target, use_proxy=False)) == ""
