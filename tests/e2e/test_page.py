"""A server that is tried out says where its page is, and the token in it is good."""

import re
from pathlib import Path

import httpx
import pytest

from tests.support.processes import NOBODY, TIMEOUT, serving

GET_FEED = "unisono.v1.FeedService/GetFeed"


@pytest.mark.parametrize(
    "declared", [NOBODY, {"UNISONO_APPS": '[{"app_id": "demo", "client_ids": ["web"]}]'}]
)
def test_the_log_says_where_it_is_and_its_token_is_good(declared: dict[str, str], tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db", "--dev", env={**declared, "UNISONO_TRANSPORT": "auto"}) as server:
        page = server.until("serving")["page"]
        assert page == f"http://{server.address}/"
        shown = httpx.get(page, timeout=TIMEOUT, trust_env=False)
        token = re.findall('data-token="([^"]+)"', shown.text)[0]
        headers = {"authorization": f"Bearer {token}", "origin": page.rstrip("/")}
        answer = httpx.post(page + GET_FEED, headers=headers, json={}, timeout=TIMEOUT, trust_env=False)
        assert answer.json() == {}


@pytest.mark.parametrize(
    "off", [{"UNISONO_TRANSPORT": "grpcio"}, {"UNISONO_TRANSPORT": "http", "UNISONO_WEB": "off"}]
)
def test_without_a_door_for_browsers_there_is_none(off: dict[str, str], tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db", "--dev", env=off) as server:
        assert "page" not in server.until("serving")
