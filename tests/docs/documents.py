"""The documents of the project, and how each of their blocks is run.

For a block, the first rule counts whose text is in it. A document without rules has no blocks.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from tests.docs import ci
from tests.docs.machine import ROOT
from tests.docs.rules import ByCI, Drawing, Install, Listen, ListenAndRun, Read, Rule, Run, Save, Serve

DOCUMENTS: Final = ["README.md", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md"))]

_SEND: Final = 'UNISONO_TOKEN=$(cat var/app.token) .venv/bin/unisono send ada "Hello"'

#: A server of an operator, with a store where documents say that it is.
_OPERATED: Final = (
    "unisono-server serve --dev --listen 127.0.0.1:50051 --store sqlite:////var/lib/unisono/unisono.db"
)

#: The server that a document takes for granted, because another one has told how to start it.
SERVERS: Final[Mapping[str, str]] = {
    "docs/storage.md": _OPERATED,
    "docs/operations.md": _OPERATED,
    "docs/quickstart-device.md": "make serve",
    "docs/verify.md": "make serve",
}

RULES: Final[Mapping[str, Sequence[Rule]]] = {
    "README.md": [
        ByCI("make demo", does=ci.makes),
        ByCI("apt-get install", does=ci.installs),
        Serve("make serve"),
        ListenAndRun("unisono listen", says="Hello from a backend"),
        Save("publisher.send", name="send.py"),
        Run("send.py", says="is on the disk of the server"),
        Save("device.events", name="listen.py"),
        Listen("listen.py", meanwhile=_SEND, says="♪ CREATED Hello"),
    ],
    "docs/concepts.md": [
        Drawing("revision   1"),
    ],
    "docs/hooks.md": [
        Run("tee hook.txt", says="Secret:"),
        Run("sed '/^$/"),
        Serve("serve --dev --config"),
        Run("night-42", says='"result": "sent"'),
        Run("github.secret", says="secret_file"),
        Run("--source alertmanager", says="secret_sha256"),
        Run("--source grafana", says="secret_sha256"),
    ],
    "docs/identity.md": [
        Save("secret_file", name="unisono.toml"),
        Read("tls_client_ca", language="toml", by="tests/e2e/test_client_certificates.py"),
        Read("origins =", language="toml", by="tests/access/test_origins.py"),
        Read("[[issuers]]", language="toml", by="tests/access/shapes.py"),
        Read('"iss":', language="json", by="tests/access/shapes.py"),
        Run("openssl rand"),
        Run("openssl req"),
        Run("openssl dgst"),
        Run("--config unisono.toml --user ada"),
        Save("TokenSigner", name="mint.py"),
        Run("python mint.py", says='Good: a device of the user "ada" of the app mail.example.com'),
        Run("doctor - --dev", says='Good: a device of the user "ada" of the app demo'),
        Drawing("Refused:"),
    ],
    "docs/install.md": [
        Read("", language="sh", by="tests/packaging/test_install_guide.py"),
    ],
    "docs/internet.md": [
        ByCI("apt-get install", does=ci.installs),
    ],
    "docs/monitoring.md": [
        Drawing("unisono-server explain"),
        Drawing("up for 2 seconds"),
        Drawing("sudo -u unisono"),
        Drawing('"event": "write"'),
        Drawing("postrotate"),
    ],
    "docs/operations.md": [
        Drawing("15 2 * * *"),
        Run("drill.db", says="nothing is to be done"),
    ],
    "docs/quickstart-curl.md": [
        Serve("make serve"),
        Run("cat > var/call"),
        Run("parcel-17", says='"revision":"'),
        Run("BatchSendNotifications", says='"results":['),
        Run("last-event-id", says='"resumed":true'),
        Listen("FeedService/Subscribe", meanwhile=_SEND, says='"title":"Hello"'),
        Run("MarkNotifications", says='"changed":"'),
        Run("FeedService/GetFeed", says='"lastRevision":"'),
        Run("colour", says="payload.visualContent.colour: is unknown"),
    ],
    "docs/quickstart-backend.md": [
        Serve("make serve"),
        Run("unisono send", says="Your parcel is at the door"),
        Install("pip install"),
        Run("FakeService"),
        Run("multiprocessing", says="told 3"),
        Run("BlockingPublisher", says="The nightly build failed UNREAD"),
        Run("publisher.changes", says="at revision"),
        Run("publisher.update", says="Your parcel is at the door NO_INTERACTION"),
        Run("InvalidRequest", says="title"),
        Run("asyncio.gather", says="sent to 500"),
        Run("publisher.send", says="is on the disk of the server"),
    ],
    "docs/quickstart-device.md": [
        Listen("carry_over", meanwhile=_SEND, says="Hello"),
        Run("export UNISONO_TOKEN"),
        Listen("unisono listen", meanwhile=_SEND, says="Hello"),
        Listen("BlockingDevice", meanwhile=_SEND, says="♪ Hello"),
        Listen("device.events", meanwhile=_SEND, says="♪ CREATED Hello"),
        Run("Everything", says="all read, on every device"),
        Listen("device.error", meanwhile=_SEND, says="live"),
        Run("FileStorage", says="0 from before"),
        Run("fresh_token", says="live"),
        Run("device.shown:", says="● Hello"),
    ],
    "docs/server.md": [
        Serve("serve --config"),
        Save("[[issuers]]", name="unisono.toml"),
    ],
    "docs/storage.md": [
        Run("unisono-server restore", says="restored"),
        Drawing("unisono-server rename-users"),
        Run("unisono-server migrate --check", says="nothing is to be done"),
        Run("unisono-server migrate --store", says="version"),
    ],
    "docs/try-with-a-provider.md": [
        Read("", language="sh", by="tests/interop/oidc_provider/test_guide.py"),
    ],
    "docs/verify.md": [
        Run("unisono-verify --target", says=" kept, 3 not judged"),
        Run("unisono-verify judge", says=" kept, 3 not judged"),
        Drawing("sends acknowledged"),
    ],
}
