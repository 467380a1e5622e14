"""Slack's address: a usable URL, and no plain http to another machine."""

import pytest

from schedbot.api_address import parse_api_url
from schedbot.errors import BadInput


@pytest.mark.parametrize(
    "address",
    ["https://slack.com/api", "http://127.0.0.1:8765/api/", "http://localhost:1/api/", "http://[::1]:1/", "HTTPS://a/"],
)
def test_usable_address_gets_a_slash(address: str) -> None:
    assert parse_api_url(address) == address.removesuffix("/") + "/"


@pytest.mark.parametrize(
    "address",
    ["slack.com", "ftp://slack.com", "http://[::1/api/", "https://", "https://a:b/", "https://a\x1b/", "https://a b/"],
)
def test_unusable_address_is_named(address: str) -> None:
    with pytest.raises(BadInput, match="is not a web address"):
        parse_api_url(address)


@pytest.mark.parametrize("address", ["http://slack.com/api/", "http://127.0.0.1.evil.example/", "http://10.0.0.1/"])
def test_plain_http_to_another_machine_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="is plain http: tokens could be read") as refused:
        parse_api_url(address)
    assert "allow_plain_http = true" in refused.value.hint
    assert parse_api_url(address, allows_plain_http=True) == address
