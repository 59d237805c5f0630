"""Each bad setting has one line: its name, where the value came from, what is wrong."""

from typing import Any

import pytest

from unisono.server.config import InvalidSettings, Settings, load
from unisono.server.config.setting import is_table, unit_of

ISSUER = {"issuer": "https://id.test/", "audience": "unisono"}
PROXIES = {"trusted_proxies": "::1", "transport": "http"}
SECRET = "do not show this secret to anybody at all"


def problems(**flags: Any) -> list[str]:
    with pytest.raises(InvalidSettings) as caught:
        load(flags, {})
    assert "pydantic" not in str(caught.value)
    assert "Input" not in str(caught.value)
    return list(caught.value.problems)


def problem(**flags: Any) -> str:
    (line,) = problems(**flags)
    return line


def test_out_of_bounds() -> None:
    assert problem(clock_skew="301") == (
        "clock_skew (flag --clock-skew): must be less than or equal to 300 (unit: seconds); it is 301"
    )


@pytest.mark.parametrize("text", ["x", "1.5", "", "nan", "1e3"])
def test_no_whole_number(text: str) -> None:
    assert problem(commit_batch=text).startswith(
        "commit_batch (flag --commit-batch): must be a valid integer"
    )


@pytest.mark.parametrize("text", ["x", "", "nan", "inf", "1s"])
def test_no_number(text: str) -> None:
    assert "number" in problem(ping_timeout=text)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, f in Settings.model_fields.items()
        if unit_of(f) in ("seconds", "days", "bytes", "items")
    ],
)
def test_every_number_has_a_least_value(name: str) -> None:
    assert any(line.startswith(f"{name} (flag") for line in problems(**{name: "-1"}))


def test_no_switch() -> None:
    assert "boolean" in problem(dev="perhaps")


def test_no_such_word() -> None:
    assert "must be 'debug', 'info', 'warning' or 'error'" in problem(log_level="loud")


@pytest.mark.parametrize(
    "listen",
    ["", "50051", ":50051", "127.0.0.1", "127.0.0.1:65536", "::1:50051", "a b:1", "host:-1", "http://a:1"],
)
def test_no_address(listen: str) -> None:
    assert "must be HOST:PORT" in problem(listen=listen)


@pytest.mark.parametrize(
    ("store", "fault"),
    [
        ("", "must be sqlite:///FILE"),
        ("unisono.db", "must be sqlite:///FILE"),
        ("sqlite://unisono.db", "must be sqlite:///FILE"),
        ("sqlite:///", "must be sqlite:///FILE"),
        ("sqlite:///folder/", "must be sqlite:///FILE"),
        ("sqlite:///:memory:", "must name a file"),
        ("postgresql://user:password@host/unisono", "SQLite only"),
    ],
)
def test_no_store(store: str, fault: str) -> None:
    line = problem(store=store)
    assert fault in line
    assert "password" not in line


def test_half_of_tls() -> None:
    assert "both or neither" in problem(tls_certificate="server.pem")
    assert "both or neither" in problem(tls_key="server.key")


def test_certificates_of_clients_without_tls() -> None:
    line = problem(tls_client_ca="clients.pem")
    assert "tls_client_ca (flag --tls-client-ca): needs tls_certificate and tls_key" in line


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"heartbeat": "4"}, "heartbeat (flag --heartbeat): must be at least heartbeat_min, 5"),
        ({"heartbeat_max": "29"}, "heartbeat_max (flag --heartbeat-max): must be at least heartbeat, 30"),
        ({"session_age_max": "899"}, "must be at least session_age_min, 900"),
        ({"connection_age_grace": "1209"}, "must be at least session_age_max + drain_grace, 1210"),
        ({"page_items": "49"}, "page_default_items (default): must be at most page_items, 49"),
        ({"expire_after_max": "3600"}, "must be at most expire_after_max, 3600"),
        (
            {"request_bytes": "48127"},
            "at least title_bytes + body_bytes + raw_content_bytes + link_bytes + data_bytes, 48128",
        ),
    ],
)
def test_settings_that_contradict_each_other(flags: dict[str, str], message: str) -> None:
    assert message in problem(**flags)


def test_bad_settings_are_not_compared_with() -> None:
    assert problem(drain_grace="-1").startswith("drain_grace")
    assert problem(page_items="0").startswith("page_items")


def test_all_problems_at_once() -> None:
    lines = problems(listen="x", store="y", heartbeat="z", title_bytes="0")
    assert [line.split()[0] for line in lines] == ["listen", "store", "heartbeat", "title_bytes"]


@pytest.mark.parametrize(
    "app_id", ["", "Mail.test", "mail..test", "-mail", "mail_test", "x" * 254, "mail.test\n"]
)
def test_no_app_id(app_id: str) -> None:
    assert problem(apps=[{"app_id": app_id, "client_ids": ["a"]}]) == (
        "apps[0].app_id (flag --apps): must be shaped like a host name, in small letters, "
        "such as mail.contoso.com"
    )


def test_tables_that_lack_something() -> None:
    assert problem(apps=[{"app_id": "a", "client_ids": []}]).startswith("apps[0].client_ids")
    assert problem(apps=[{"app_id": "a"}]).startswith("apps[0] (flag --apps): needs client_ids")
    for audience in ("", ["a", ""]):
        line = problem(issuers=[{**ISSUER, "audience": audience, "pem_file": "x"}])
        assert line == "issuers[0].audience (flag --issuers): must be texts, none of them empty"


def test_unknown_key_in_a_table() -> None:
    assert problem(issuers=[{**ISSUER, "pem_file": "x", "algoritm": "RS256"}]) == (
        "issuers[0].algoritm (flag --issuers): algoritm is no setting; did you mean algorithms?"
    )


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"secret": SECRET, "pem_file": "x"}, "has secret and pem_file"),
        ({"pem_file": "x", "jwks_file": "y", "discovery": "z"}, "has pem_file and jwks_file and discovery"),
    ],
)
def test_keys_of_an_issuer_come_from_one_place(keys: dict[str, str], words: str) -> None:
    line = problem(issuers=[{**ISSUER, **keys}])
    assert words in line
    assert SECRET not in line


def test_an_issuer_that_is_no_address_needs_keys() -> None:
    line = problem(issuers=[{**ISSUER, "issuer": "my-backend"}])
    assert "needs one of secret, secret_file, pem_file, jwks_file, jwks_url, discovery" in line


@pytest.mark.parametrize(
    "wrong",
    [
        {"user_prefix": "x" * 65},
        {"user_prefix": "a\n:"},
        {"algorithms": ["none"]},
        {"preset": "elsewhere"},
        {"required_claims": {"hd": []}},
        {"required_claims": {"hd": 7}},
        {"app_only": "always"},
        {"admin_claim": {"role": True}},
        {"admin_claim": {"role": []}},
        {"admin_claim": "role"},
        {"token_types": []},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_field_of_an_issuer_that_is_out_of_bounds(wrong: dict[str, object]) -> None:
    lines = problems(issuers=[{**ISSUER, "pem_file": "x", **wrong}])
    assert all(f"issuers[0].{next(iter(wrong))}" in line for line in lines)


def test_tables_that_are_none() -> None:
    assert all(problem(**{name: "x"}) for name, field in Settings.model_fields.items() if is_table(field))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            {"trusted_proxies": "10.0.0.1/8"},
            "10.0.0.1/8 has host bits set; write networks such as 10.0.0.0/8",
        ),
        ({"trusted_proxies": "::1, proxy"}, "'proxy' does not appear to be an IPv4 or IPv6 network"),
        ({"trusted_proxies": ",".join(["::1"] * 101)}, "must be at most 100 networks"),
        ({"trusted_proxies": "::1", "transport": "grpcio"}, 'needs transport = "http"'),
        ({"trusted_proxies": "::1", "transport": "auto"}, 'needs transport = "http"'),
        ({"proxy_protocol": "true"}, "needs trusted_proxies"),
        ({"client_certificate_header": "client-cert"}, "needs trusted_proxies"),
        ({**PROXIES, "client_certificate_header": "Client-Cert"}, "in small letters, such as client-cert"),
        (
            {**PROXIES, "client_certificate_header": "client-cert", "proxy_protocol": "true"},
            "is not for proxy_protocol",
        ),
    ],
)
def test_proxies_that_cannot_be_heard(flags: dict[str, str], message: str) -> None:
    assert message in problem(**{"transport": "http", **flags})
