"""One request to the service, and its answer, as bytes: nothing is followed, nothing is endless."""

from __future__ import annotations

import ipaddress
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import netpos
from netpos.errors import OptionError, ServiceError
from netpos.fetching.secret import Token

#: Where Lens answers, as documented.
BASE = "https://api.lens.org"
SEARCH = "/patent/search"
USAGE = "/subscriptions/patent_api/usage"
#: Longest answer that is read, unpacked; a page of 500 records with full text has about 60 MB.
MOST_BYTES = 2**28


class Cut(Exception):
    """No whole answer came."""


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers in small letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def check_base(url: str) -> str:
    """Return the base of the addresses, without a slash at its end.

    Raises
    ------
    OptionError
        It is no address, has a name and password in it, or would send the token readable by all.

    Examples
    --------
    >>> check_base("https://api.lens.org/"), check_base("http://127.0.0.1:8000/patent/search")
    ('https://api.lens.org', 'http://127.0.0.1:8000')
    >>> check_base("http://api.lens.org")
    Traceback (most recent call last):
    netpos.errors.OptionError: --url: http to another machine would show the token; use https
    """
    base = url.strip().rstrip("/").removesuffix(SEARCH).rstrip("/")
    try:
        parts = urlsplit(base)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("https", "http") or not base.isascii() or " " in base:
        raise OptionError("--url: not an address", remedy=f"write it as {BASE}")
    if parts.username is not None or parts.query or parts.fragment:
        problem = "--url: an address without name, password, ? and # is needed"
        raise OptionError(problem, remedy=f"write it as {BASE}")
    if parts.scheme == "http" and not _is_loopback(host):
        problem = "--url: http to another machine would show the token"
        raise OptionError(problem, remedy="use https")
    return base


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _httpx() -> Any:  # noqa: ANN401 - the module httpx, which may be absent
    try:
        import httpx
    except ImportError as error:
        problem = "netpos fetch needs the library httpx, which is not installed"
        raise ServiceError(problem, remedy="pip install 'netpos[fetch]'") from error
    return httpx


class Service:
    """The Lens API, or what stands at another address.

    Parameters
    ----------
    base
        From `check_base`.
    token
        Sent to this address only: a redirection is an answer like any other.
    most
        Longest answer in bytes.

    Raises
    ------
    ServiceError
        The library for it is not installed.
    OptionError
        The environment names a proxy or certificates that cannot be used.
    """

    def __init__(self, base: str, token: Token, *, most: int = MOST_BYTES) -> None:
        self._httpx, self.base, self.token, self._most = _httpx(), base, token, most
        try:
            self._client = self._httpx.Client(
                # proxies of the environment see nothing of https, and everything of http
                trust_env=base.startswith("https:"),
                follow_redirects=False,
                timeout=self._httpx.Timeout(30.0, read=120.0),
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "gzip",
                    "User-Agent": f"netpos/{netpos.__version__}",
                },
            )
            return
        except (ImportError, ValueError, OSError, self._httpx.InvalidURL) as error:
            certificates = isinstance(error, OSError)
        # the library's message may hold the proxy's password, and is not passed on
        what, names = (
            ("certificates", "SSL_CERT_FILE and SSL_CERT_DIR")
            if certificates
            else ("a proxy", "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY")
        )
        problem = f"the environment names {what} that cannot be used"
        remedy = f"mend the variables {names}" + (
            "" if certificates else "; a proxy is named as http://host:port"
        )
        raise OptionError(problem, remedy=remedy)

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def ask(self, path: str, body: bytes | None = None) -> Answer:
        """Send one request: POST with a body, GET without.

        Raises
        ------
        Cut
            No whole answer came.
        ServiceError
            The answer is longer than allowed, or packed in a way that was not asked for.
        """
        headers = {"Authorization": self.token.header()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        method = "GET" if body is None else "POST"
        try:
            with self._client.stream(
                method, self.base + path, content=body, headers=headers
            ) as response:
                packing = response.headers.get("content-encoding", "")
                content = self._whole(response.iter_raw(), packing)
                told = {str(k).lower(): str(v) for k, v in response.headers.items()}
                return Answer(int(response.status_code), told, content)
        except (self._httpx.HTTPError, self._httpx.InvalidURL, self._httpx.StreamError) as error:
            told_why = self.token.hidden(str(error)) or type(error).__name__
        except zlib.error as error:
            told_why = f"a damaged compressed answer, {self.token.hidden(str(error))}"
        raise Cut(told_why)  # outside of the block: what the library says holds the request

    def _whole(self, chunks: Iterable[bytes], packing: str) -> bytes:
        """Put an answer together, unpacked, as long as it is not too long."""
        packing = packing.strip().lower()
        if packing not in ("", "identity", "gzip", "x-gzip"):
            problem = f"the answer is packed as '{self.token.hidden(packing)}', not asked for"
            raise ServiceError(problem, remedy="check --url")
        unpack = zlib.decompressobj(31) if packing.endswith("gzip") else None
        found = bytearray()
        for chunk in chunks:
            found += chunk if unpack is None else unpack.decompress(chunk, self._room(found))
            if len(found) > self._most:
                problem = f"an answer of more than {self._most:,} bytes"
                raise ServiceError(problem, remedy="ask for fewer records a page, or fewer fields")
        if unpack is not None and (found or unpack.unused_data or not unpack.eof):
            if unpack.eof and not unpack.unused_data:
                return bytes(found)
            message = "the compressed answer is damaged or ends too early"
            raise Cut(message)
        return bytes(found)

    def _room(self, found: bytearray) -> int:
        return self._most - len(found) + 1
