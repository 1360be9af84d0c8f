"""One request to a server that may be hostile."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytest.importorskip("httpx", reason="httpx is not installed: run 'make setup'")

from netpos.errors import OptionError, ServiceError
from netpos.fetching.secret import Token
from netpos.fetching.service import SEARCH, USAGE, Cut, Service, check_base
from tests.fetching.standin import TOKEN, StandIn, content, cut, serving, status


@contextmanager
def service(fault=None, most: int = 10_000, **about: object) -> Iterator[tuple[StandIn, Service]]:
    with serving(StandIn([], faults={1: fault} if fault else {}, **about)) as standin:
        made = Service(standin.url, Token(TOKEN, "LENS_API_TOKEN"), most=most)
        try:
            yield standin, made
        finally:
            made.close()


def test_the_token_goes_into_one_header_and_nowhere_else() -> None:
    with service(usage={"a": 1}) as (standin, made):
        assert made.ask(USAGE).content == b'{"a": 1}'
        assert made.ask(SEARCH, b'{"query": {"terms": {"lens_id": []}}}').status == 200
    for request in standin.asked:
        found = [k for k, v in request.headers.items() if TOKEN in v]
        assert found == ["authorization"]
        assert TOKEN not in request.path
        assert TOKEN.encode() not in request.raw
        assert request.headers["user-agent"].startswith("netpos/")


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(code: int) -> None:
    with service() as (other, _), service(status(code, Location=f"{other.url}/x")) as (_, made):
        assert made.ask(SEARCH, b"{}").status == code
    assert other.asked == []


def test_an_answer_is_read_up_to_a_limit() -> None:
    with service(content(b"a" * 10_000)) as (_, made):
        assert len(made.ask(SEARCH, b"{}").content) == 10_000
    with (
        service(content(b"a" * 10_001)) as (_, made),
        pytest.raises(ServiceError, match="more than"),
    ):
        made.ask(SEARCH, b"{}")


@pytest.mark.parametrize("name", ["gzip", "x-gzip", "GZIP"])
def test_a_compressed_answer_is_unpacked(name: str) -> None:
    with service(content(gzip.compress(b"a" * 10_000), Content_Encoding=name)) as (_, made):
        assert made.ask(SEARCH, b"{}").content == b"a" * 10_000


def test_a_bomb_is_never_unpacked_whole() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < 60_000
    with (
        service(content(bomb, Content_Encoding="gzip")) as (_, made),
        pytest.raises(ServiceError, match="more than 10,000 bytes"),
    ):
        made.ask(SEARCH, b"{}")


@pytest.mark.parametrize(
    ("raw", "packing", "error"),
    [
        (gzip.compress(b"abc" * 99, mtime=0)[:-9], "gzip", Cut),
        (gzip.compress(b"abc", mtime=0) + b"more", "gzip", Cut),
        (b"", "gzip", Cut),
        (b"not gzip at all", "gzip", Cut),
        (zlib.compress(b"abc"), "deflate", ServiceError),
        (gzip.compress(gzip.compress(b"abc", mtime=0), mtime=0), "gzip, gzip", ServiceError),
        (b"abc", "br", ServiceError),
    ],
    ids=["cut", "more", "empty", "plain", "deflate", "twice", "brotli"],
)
def test_what_cannot_be_unpacked_is_no_answer(raw: bytes, packing: str, error: type) -> None:
    with service(content(raw, Content_Encoding=packing)) as (_, made), pytest.raises(error):
        made.ask(SEARCH, b"{}")


@pytest.mark.parametrize("fault", [cut, content(b"zz\r\n", Transfer_Encoding="chunked")])
def test_an_answer_that_breaks_off_is_told_without_the_token(fault) -> None:
    with service(fault) as (_, made), pytest.raises(Cut) as error:
        made.ask(SEARCH, b"{}")
    assert TOKEN not in str(error.value)
    assert error.value.__context__ is None  # what the library raised holds the request


def test_a_proxy_of_the_environment_gets_nothing_of_plain_http(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with service() as (proxy, _):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        with service() as (_, made):
            assert made.ask(USAGE).status == 404
        assert proxy.asked == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HTTPS_PROXY", "socks5://me:hidden@127.0.0.1:9", "a proxy.*http://host:port"),
        ("HTTPS_PROXY", "nonsense://me:hidden@127.0.0.1:9", "a proxy.*http://host:port"),
        ("ALL_PROXY", "http://[::1", "a proxy.*http://host:port"),
        ("SSL_CERT_FILE", "/hidden/there-is-none.pem", "certificates.*SSL_CERT_FILE"),
    ],
)
def test_an_environment_that_cannot_be_used_is_one_line_without_passwords(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, "socksio", None)  # what httpx would need for socks
    with pytest.raises(OptionError, match=words) as told:
        Service("https://api.lens.org", Token(TOKEN, "x"))
    assert "hidden" not in str(told.value)
    Service("http://127.0.0.1:1", Token(TOKEN, "x")).close()  # which looks at none of them


def test_without_the_library_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(ServiceError, match=r"httpx.*pip install 'netpos\[fetch\]'"):
        Service("https://api.lens.org", Token(TOKEN, "x"))


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://api.lens.org",
            "http://10.0.0.1",
            "http://0.0.0.0:80",
            "http://127.0.0.1.evil.org",
        ),
        *("ftp://127.0.0.1", "api.lens.org", "", "https://", "https://a:b@api.lens.org"),
        *("https://api.lens.org?x=1", "https://api.lens.org#x", "https://a b", "https://x:port"),
        *(
            "http://127.0.0.1@evil.org",
            "http://localhost.evil.org",
            "https://é.org",
            "http://[::2]",
        ),
    ],
)
def test_an_address_that_would_show_the_token_is_refused(url: str) -> None:
    with pytest.raises(OptionError, match="--url"):
        check_base(url)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://api.lens.org/patent/search/", "https://api.lens.org"),
        ("https://mirror.example/lens/", "https://mirror.example/lens"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_the_base_is_what_stands_before_the_path(url: str, base: str) -> None:
    assert check_base(url) == base
