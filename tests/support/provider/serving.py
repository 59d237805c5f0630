"""HTTP on a socket, a thread for each connection; knows nothing of what is answered."""

import socketserver
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from tests.support.provider.answers import Answer, Asked

#: Seconds until it is seen that a server is to end.
_LOOK: Final = 0.02


class HttpServer(socketserver.ThreadingTCPServer):
    """Serves at an address until it is closed; by https with a context of TLS."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(
        self, address: tuple[str, int], answer: Callable[[Asked], Answer], tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(address, _Handler)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.answer = answer
        self._thread = threading.Thread(
            target=self.serve_forever, args=(_LOOK,), name="provider", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Take no more connections; answers that are under way are sent."""
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: HttpServer

    def do_GET(self) -> None:  # the names of http.server
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _answer(self) -> None:
        answer = self.server.answer(self._asked())
        try:
            self._send(answer)
        except ConnectionError:
            return  # who asked did not wait

    def _asked(self) -> Asked:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        pairs = [*parse_qsl(address.query, True), *parse_qsl(body, True)]
        return Asked(method=self.command, path=address.path, form=dict(pairs), headers=dict(self.headers))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
