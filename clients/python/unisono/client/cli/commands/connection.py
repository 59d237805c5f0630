"""The options that say how to connect, which `unisono` and `unisono-verify` share."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from unisono.client._wire.address import ConnectionOptions
from unisono.client.cli.commands.arguments import certificates

Function = Callable[..., Any]

FILE: Final = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


def from_environment(flag: str, *names: str, **settings: Any) -> Callable[[Function], Function]:
    """Return an option whose value may also come from the environment, as UNISONO_ and its name."""
    variable = f"UNISONO_{flag.removeprefix('--').replace('-', '_').upper()}"
    return click.option(flag, *names, envvar=variable, **settings)


def connection_options(kind: type[click.Option]) -> Callable[[Function], Function]:
    """Return what gives a command these options; it gets them as `connection`, a `ConnectionOptions`."""
    options = (
        from_environment(
            "--tls", cls=kind, is_flag=True, help="encrypt; without, tokens can be read on the way"
        ),
        from_environment(
            "--root-certificates",
            cls=kind,
            type=FILE,
            callback=certificates,
            metavar="FILE",
            help="PEM file to trust instead; turns on --tls",
        ),
        from_environment(
            "--client-certificate",
            cls=kind,
            type=FILE,
            metavar="FILE",
            help="PEM file to show to a server that asks for one, with --client-key",
        ),
        from_environment(
            "--client-key",
            cls=kind,
            type=FILE,
            metavar="FILE",
            help="PEM file of its key, without a password",
        ),
        from_environment(
            "--no-proxy",
            cls=kind,
            is_flag=True,
            help="not through the proxy that grpc_proxy, https_proxy or http_proxy names",
        ),
    )

    def with_options(command: Function) -> Function:
        @functools.wraps(command)
        def connecting(
            *,
            tls: bool,
            root_certificates: bytes | None,
            client_certificate: Path | None,
            client_key: Path | None,
            no_proxy: bool,
            **rest: Any,
        ) -> Any:
            connection = ConnectionOptions(
                tls=tls,
                root_certificates=root_certificates,
                client_certificate=_content(client_certificate),
                client_key=_content(client_key),
                use_proxy=not no_proxy,
            )
            return command(connection=connection, **rest)

        wrapped: Function = connecting
        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped

    return with_options


def _content(file: Path | None) -> bytes | None:
    return None if file is None else file.read_bytes()
