"""A stand-in for the Lens API on this machine: the protocol as documented, and faults on demand.

It shares no code with netpos but the reader of queries of the tests. Its clock is that of the test:
waiting costs nothing, and scrolls die when it has moved on by a minute.
"""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

from netpos.fetching.asking import Clock
from tests.lens_language import as_document, finds_body

TOKEN = "s3cret-Token_of-a-user.0123456789"
KNOWN_KEYS = {"query", "sort", "include", "size", "from", "scroll", "scroll_id", "stemming"}


class Time(Clock):
    """A clock that moves when somebody waits."""

    def __init__(self) -> None:
        self.time, self.waits = 1_700_000_000.0, []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    raw: bytes


Fault = Callable[["Handler", Any], bool]


def status(code: int, message: str = "", **headers: object) -> Fault:
    """Answer with an error as the service writes it."""

    def fault(handler: Handler, _: Any) -> bool:
        content = {"reference": "r-1", "message": message, "code": code} if message else None
        handler.reply(code, content, {k.replace("_", "-"): str(v) for k, v in headers.items()})
        return True

    return fault


def content(raw: bytes, code: int = 200, **headers: object) -> Fault:
    """Answer with these bytes."""

    def fault(handler: Handler, _: Any) -> bool:
        handler.send(code, raw, {k.replace("_", "-"): str(v) for k, v in headers.items()})
        return True

    return fault


def cut(handler: Handler, body: Any) -> bool:
    """Do what was asked, then lose the connection in the middle of the answer."""
    code, found = handler.server.standin.answer(body)
    raw = json.dumps(found).encode()
    handler.send_response(code)
    handler.send_header("Content-Length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw[: len(raw) // 2])
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True
    return True


def changed(change: Callable[[dict], Any]) -> Fault:
    """Answer as asked, but for a change of the answer."""

    def fault(handler: Handler, body: Any) -> bool:
        code, found = handler.server.standin.answer(body)
        if found is not None:
            found = change(found) or found
        handler.reply(code, found)
        return True

    return fault


def defaults(handler: Handler, _: Any) -> bool:
    """Answer as to a request that is no JSON: 20 records of all, whole."""
    all_records = handler.server.standin.records
    handler.reply(200, {"total": len(all_records), "data": all_records[:20], "results": 20})
    return True


@dataclass
class StandIn:
    """What the service holds and does.

    ``faults`` maps the number of a search request, from 1, to what goes wrong with it;
    ``always`` is done to each request for which none is listed.
    """

    records: list[dict]
    clock: Time = field(default_factory=Time)
    usage: Any = None
    page: int = 100
    per_minute: int | None = 10
    month: int = 10**9
    expansion: bool = True
    short: int = 0
    aliases: dict[str, str] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)
    always: Fault | None = None
    asked: list[Request] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self._scrolls: dict[str, tuple] = {}
        self._number, self._times = count(1), []
        self._lock = threading.Lock()
        self.by_id = {r["lens_id"]: r for r in self.records if "lens_id" in r}

    @property
    def searches(self) -> list[Any]:
        """Bodies of the search requests so far."""
        return [r.body for r in self.asked if r.method == "POST"]

    def handle(self, handler: Handler, request: Request) -> None:
        with self._lock:
            self.asked.append(request)
            if request.method == "GET":
                self._usage(handler, request)
                return
            fault = self.faults.get(len(self.searches), self.always)
            if fault is not None and fault(handler, request.body):
                return
            if not self._allowed(handler, request):
                return
            code, found = self.answer(request.body)
            handler.reply(code, found)

    def _allowed(self, handler: Handler, request: Request) -> bool:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return not status(401, "invalid token")(handler, None)
        if request.headers.get("content-type") != "application/json":
            return not status(415, "unsupported media type")(handler, None)
        now = self.clock.now()
        self._times = [t for t in self._times if now - t < 60] + [now]
        if self.per_minute and len(self._times) > self.per_minute:
            left = 60 - (now - self._times[0])
            told = {"x_rate_limit_retry_after_seconds": left}
            return not status(429, "too many requests", **told)(handler, None)
        return True

    def _usage(self, handler: Handler, request: Request) -> None:
        if callable(self.usage):
            self.usage(handler, None)
        elif request.headers.get("authorization") != f"Bearer {TOKEN}":
            status(401, "invalid token")(handler, None)
        elif request.path != "/subscriptions/patent_api/usage" or self.usage is None:
            status(404, "not found")(handler, None)
        else:
            handler.reply(200, self.usage)

    # --- searching --------------------------------------------------------------------------

    def answer(self, body: Any) -> tuple[int, Any]:
        if not isinstance(body, dict):
            return 200, {"total": len(self.records), "data": self.records[:20]}
        if body.get("scroll_id"):
            return self._more(body)
        if unknown := set(body) - KNOWN_KEYS - ({"expand_by"} if self.expansion else set()):
            return 400, error(400, f"unknown: {', '.join(sorted(unknown))}")
        size = body.get("size", 20)
        if size > self.page:
            return 400, error(400, f"size {size} exceeds the maximum {self.page}")
        hits = list(self.found(body["query"]))
        if not hits:
            return 200, {"total": 0, "data": [], "results": 0}
        pages = [hits[k : k + size] for k in range(0, len(hits), size)]
        if body.get("expand_by"):
            seen: set[str] = set()
            pages = [list(self.expanded(page, seen)) for page in pages]
        if self.short:
            pages[-1] = pages[-1][: -self.short]
        return self._page(body, len(hits), pages, body.get("scroll"))

    def _page(self, body: dict, total: int, pages: list, scroll: str | None) -> tuple[int, Any]:
        records = [included(r, body.get("include")) for r in pages[0]]
        found = {"total": total, "max_score": 1.0, "data": records, "results": len(records)}
        if scroll:
            scroll_id = f"scroll+{next(self._number)}/=="
            self._scrolls = {scroll_id: (total, pages[1:], self.clock.now())}
            found["scroll_id"] = scroll_id
        return 200, found

    def _more(self, body: dict) -> tuple[int, Any]:
        total, pages, since = self._scrolls.get(body["scroll_id"], (0, None, 0.0))
        if pages is None or self.clock.now() - since > 60:
            return 404, error(404, "no such scroll")
        if "scroll" not in body:
            self._scrolls = {}
        if not pages:
            self._scrolls = {}
            return 204, None
        return self._page(body, total, pages, body.get("scroll"))

    def found(self, query: Any) -> Iterator[dict]:
        if set(query) == {"terms"}:
            ((name, values),) = query["terms"].items()
            wanted = set(values)
            if name == "lens_id":
                ids = {self.aliases.get(v, v) for v in wanted}
                yield from (r for r in self.records if r.get("lens_id") in ids)
            elif name == "ids":
                yield from (r for r in self.records if document_name(r) in wanted)
            elif name == "cited_by.patent.lens_id":
                cited = {c for i in wanted & set(self.by_id) for c in cites(self.by_id[i])}
                yield from (r for r in self.records if r["lens_id"] in cited or citing(r) & wanted)
            else:
                assert name == "reference_cited.patent.lens_id", name
                yield from (r for r in self.records if cites(r) & wanted)
            return
        test = finds_body({"query": query})
        yield from (r for r in self.records if test(as_document(r)))

    def expanded(self, page: Iterable[dict], seen: set[str]) -> Iterator[dict]:
        for record in page:
            members = record.get("families", {}).get("simple_family", {}).get("members", [])
            for lens_id in {record["lens_id"]: 1} | {m["lens_id"]: 1 for m in members}:
                if lens_id in self.by_id and lens_id not in seen:
                    seen.add(lens_id)
                    yield self.by_id[lens_id]


def error(code: int, message: str) -> dict:
    return {"reference": "r-2", "message": message, "code": code}


def cites(record: dict) -> set[str]:
    of = record.get("biblio", {}).get("references_cited", {}).get("citations", [])
    return {c["patcit"].get("lens_id") for c in of if c.get("patcit")} - {None}


def citing(record: dict) -> set[str]:
    return {c["lens_id"] for c in record["biblio"].get("cited_by", {}).get("patents", [])}


def document_name(record: dict) -> str:
    return f"{record['jurisdiction']}_{record['doc_number']}_{record['kind']}"


def included(record: dict, paths: list[str] | None) -> dict:
    """The parts of a record that were asked for."""
    if paths is None:
        return record
    out: dict = {}
    for path in paths:
        found, place = record, out
        *above, last = path.split(".")
        for key in above:
            found = found.get(key, {})
        if last not in found:
            continue
        for key in above:
            place = place.setdefault(key, {})
        place[last] = found[last]
    return out


class Handler(BaseHTTPRequestHandler):
    """Reads one request after the other, as the service would."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Any

    def do_GET(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._handle(raw)

    def _handle(self, raw: bytes) -> None:
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = None
        headers = {k.lower(): v for k, v in self.headers.items()}
        request = Request(self.command, self.path, headers, body, raw)
        self.server.standin.handle(self, request)

    def reply(self, code: int, found: Any, headers: dict[str, str] | None = None) -> None:
        raw = b"" if found is None else json.dumps(found).encode()
        extra = dict(headers or {})
        if len(raw) > 2000 and "gzip" in self.headers.get("Accept-Encoding", ""):
            raw = gzip.compress(raw, 1)
            extra["Content-Encoding"] = "gzip"
        self.send(code, raw, {"Content-Type": "application/json", **extra})

    def send(self, code: int, raw: bytes, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        if code != 204 and "Transfer-Encoding" not in headers:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if code != 204:
            self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Connections that the other end gives up are part of the play."""


@contextmanager
def serving(standin: StandIn) -> Iterator[StandIn]:
    """Let it answer on this machine."""
    server = _Server(("127.0.0.1", 0), Handler)
    server.standin = standin
    standin.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True)
    thread.start()
    try:
        yield standin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
