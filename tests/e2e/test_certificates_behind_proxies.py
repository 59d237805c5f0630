"""A proxy that ends TLS passes on what its clients show, and nothing that they write there themselves."""

import json
from pathlib import Path
from urllib.parse import quote

from tests.guarantees.torture import tools
from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.client_authority import ClientAuthority
from tests.support.nginx import nginx
from tests.support.nodes import Client
from tests.support.processes import TESTERS, serving
from tests.support.rpc_errors import raises_status
from unisono.client import create_channel

NAME = "mail.backend.internal"

APPS = [{"app_id": "mail.test", "client_ids": ["mail-client"], "client_certificates": [f"dns:{NAME}"]}]

TRUSTING = (
    "--transport",
    "http",
    "--trusted-proxies",
    "127.0.0.1",
    "--client-certificate-header",
    "client-cert",
)


async def test_nginx_passes_on_what_its_client_shows(tmp_path: Path) -> None:
    tools.require([tools.NGINX])
    clients = ClientAuthority()
    shown, file = clients.dns(NAME), tmp_path / "clients.pem"
    file.write_bytes(clients.pem)
    verifying = {
        "ssl_protocols": f"TLSv1.2 TLSv1.3; ssl_client_certificate {file}; ssl_verify_client optional",
        "grpc_socket_keepalive": "on; grpc_set_header client-cert $ssl_client_escaped_cert",
    }
    env = {**TESTERS, "UNISONO_APPS": json.dumps(APPS)}
    with (
        serving(tmp_path / "unisono.db", *TRUSTING, env=env) as server,
        nginx(server.address, tmp_path, **verifying) as proxy,
    ):
        root = proxy.root.read_bytes()
        # A backend sends by its certificate, and with a token that is bound to it
        bound = tokens.publisher(cnf={"x5t#S256": shown.thumbprint})
        async with create_channel(proxy.address, **shown.options(root)) as channel:
            for token in (None, bound):
                assert (await ApiClient(Client(channel, token), user_id="ada").send()).id
        # Who has only seen it does not, wherever it is written
        async with create_channel(proxy.address, root_certificates=root) as channel:
            with raises_status("UNAUTHENTICATED", "TOKEN_INVALID"):
                await ApiClient(Client(channel, bound), user_id="ada").send()
            thief = Client(channel, None)
            thief.metadata = (("client-cert", quote(shown.certificate)),)
            with raises_status("UNAUTHENTICATED", "TOKEN_MISSING"):
                await ApiClient(thief, user_id="ada").send()
