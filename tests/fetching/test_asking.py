"""Queries asked of a stand-in that plays the documented protocol, with every fault known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("httpx", reason="httpx is not installed: run 'make setup'")

from netpos.errors import ServiceError
from netpos.fetching import asking
from netpos.fetching.asking import Asker, Budget, Enough
from netpos.fetching.keeping import DONE, INCOMPLETE, opened
from netpos.fetching.pieces import Piece
from netpos.fetching.secret import Token
from netpos.fetching.service import Service
from netpos.fetching.usage import Usage
from tests.fetching.standin import (
    TOKEN,
    StandIn,
    changed,
    content,
    cut,
    defaults,
    error,
    serving,
    status,
)
from tests.lens import lens_id, record

CLAUSE = r"class_cpc.symbol:(G06N10\/*)"


def piece(expected: int | None = None, **request: object) -> Piece:
    body = {
        "query": {"bool": {"must": [{"query_string": {"query": CLAUSE}}]}},
        "include": ["lens_id", "kind", "biblio.parties.applicants"],
        "size": 10,
        "scroll": "1m",
    }
    body = {k: v for k, v in (body | request).items() if v is not None}
    return Piece(body, {"technology": "quantum"}, expected)


class Tried:
    """A stand-in, and what came of asking it."""

    def __init__(self, standin: StandIn, out: Path) -> None:
        self.standin, self.out, self.said = standin, out, []

    def fetch(self, *pieces: Piece, most: int | None = None) -> list[str]:
        service = Service(self.standin.url, Token(TOKEN, "LENS_API_TOKEN"))
        try:
            with opened(self.out) as kept:
                asker = Asker(service, self.said.append, self.standin.clock)
                budget = Budget(most)
                return [asker.fetch(p, kept, budget) for p in pieces]
        finally:
            service.close()

    def refused(self, *pieces: Piece, **more: int) -> str:
        with pytest.raises(ServiceError) as error:
            self.fetch(*pieces, **more)
        assert TOKEN not in str(error.value)
        return str(error.value)

    def ids(self) -> list[str]:
        """Lens IDs in the pages, in the order in which they came."""
        return [r["lens_id"] for p in self.pages() for r in json.loads(p.read_text())["data"]]

    def pages(self) -> list[Path]:
        return sorted((self.out / "pages").glob("[!.]*/*.json"))

    def account(self) -> list[dict]:
        found = json.loads((self.out / "fetch.json").read_text())["queries"]
        return list(found.values())


@contextmanager
def tried(tmp_path: Path, number: int = 35, **about: object) -> Iterator[Tried]:
    records = [record(n, members=[n, n + 1000]) for n in range(1, number + 1)]
    others = [record(n, symbols=["A61K31/00"]) for n in range(1001, 1004)]
    with serving(StandIn([*records, *others], **about)) as standin:
        yield Tried(standin, tmp_path / "out")


ALL = [lens_id(n) for n in range(1, 36)]


def test_a_scroll_is_followed_by_the_newest_id_to_its_end(tmp_path: Path) -> None:
    with tried(tmp_path) as t:
        assert t.fetch(piece()) == [DONE]
        assert t.ids() == ALL
        first, *more = t.standin.searches
        assert first == piece().request  # unchanged
        assert len(more) == 4  # three pages, and the 204 that ends it
        for body in more:
            assert set(body) == {"scroll_id", "scroll", "include"}
            assert (body["scroll"], body["include"]) == ("1m", first["include"])
        assert len({b["scroll_id"] for b in more}) == 4
        for page in t.pages():
            assert all(
                set(r) <= {"lens_id", "kind", "biblio"}
                for r in json.loads(page.read_text())["data"]
            )
        (about,) = t.account()
        assert (about["state"], about["records"], about["total"], about["pages"]) == (
            "done",
            35,
            35,
            4,
        )
        t.fetch(
            piece()
        )  # done is asked again only where somebody asks for it; Session leaves it out
        assert [r.headers["content-type"] for r in t.standin.asked] == ["application/json"] * 10


def test_no_results_are_a_result(tmp_path: Path) -> None:
    empty = piece(
        query={"bool": {"must": [{"query_string": {"query": "class_cpc.symbol:(B82*)"}}]}}
    )
    with tried(tmp_path) as t:
        assert t.fetch(empty) == [DONE]
        t.standin.faults = {2: status(204), 3: status(404, "no results"), 4: content(b"", 404)}
        assert t.fetch(piece(expected=3), piece(size=11)) == [DONE] * 2
        assert t.said == ["quantum: no results, where 3 were expected"]
        assert "404" in t.refused(piece(expected=3, size=12))  # something else answers here
        assert t.pages() == []


def test_a_part_may_find_nothing_of_what_all_parts_are_expected_to(tmp_path: Path) -> None:
    about = {"technology": "quantum", "part": 2, "parts": 3}
    with tried(tmp_path) as t:
        t.standin.faults = {1: status(204), 2: status(404, "no results")}
        pieces = [replace(piece(expected=30, size=n), about=about) for n in (11, 12)]
        assert t.fetch(*pieces) == [DONE] * 2
        assert t.said == []


# --- 429 ----------------------------------------------------------------------------------------


def test_the_speed_allowed_is_kept_so_that_the_service_never_has_to_refuse(tmp_path: Path) -> None:
    with tried(tmp_path, per_minute=3) as t:
        service = Service(t.standin.url, Token(TOKEN, "x"))
        asker = Asker(service, t.said.append, t.standin.clock)
        t.standin.usage = {"limits": [{"type": "REQUEST", "per": "MINUTE", "allowed": 3}]}
        assert asker.usage() == Usage(per_minute=3)
        with opened(t.out) as kept:
            asker.fetch(piece(), kept, Budget())
        service.close()
        assert t.said == []
        assert t.ids() == ALL
        assert all(20 <= wait < 21 for wait in t.standin.clock.waits[1:])  # evenly


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x_rate_limit_retry_after_seconds": 7}, 7),
        ({"x_rate_limit_retry_after_seconds": 120}, 120),
        ({"x_rate_limit_retry_after_millis": 2500}, 2.5),
        ({"Retry_After": 3}, 3),
        ({"Retry_After": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30),  # the clock starts at 22:13:20
        ({"x_rate_limit_retry_after_seconds": 0}, 1),
        ({"x_rate_limit_retry_after_seconds": "soon"}, 60),
        ({"x_rate_limit_retry_after_seconds": -5}, 60),
        ({}, 60),
    ],
)
def test_a_429_is_waited_for_as_told(tmp_path: Path, headers: dict, seconds: float) -> None:
    with tried(tmp_path, faults={1: status(429, "slow down", **headers)}) as t:
        assert t.fetch(piece(size=50)) == [DONE]
        assert seconds in [round(wait, 6) for wait in t.standin.clock.waits]
        assert len(t.said) == 1
        assert "429" in t.said[0]
        assert t.ids() == ALL


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"x_rate_limit_retry_after_seconds": 2125876}, ["after 2023-12-09 12:44 UTC"]),
        ({"x_rate_limit_retry_after_seconds": 121}, ["after 2023-11-14 22:15 UTC"]),
        (
            {"x_rate_limit_retry_after_seconds": 5,
             "x_rate_limit_remaining_record_per_month": 0,
             "x_rate_limit_reset_date": "2023-12-01"},
            ["record quota of the month is spent", "2023-12-01"],
        ),
        (
            {"x_rate_limit_remaining_request_per_month": 0, "x_rate_limit_reset_date": TOKEN},
            ["request quota of the month is spent", "(the token)"],
        ),
        ({"x_rate_limit_retry_after_seconds": "1e300"}, ["go on"]),
    ],
)  # fmt: skip
def test_a_longer_wait_stops_and_says_when_to_go_on(
    tmp_path: Path, headers: dict, words: list[str]
) -> None:
    with tried(tmp_path, faults={3: status(429, "spent", **headers)}) as t:
        message = t.refused(piece())
        for word in words:
            assert word in message
        assert all(wait < 10 for wait in t.standin.clock.waits)
        assert t.ids() == ALL[:20]  # what came is there
        assert t.fetch(piece()) == [DONE]
        assert t.ids() == ALL


def test_a_storm_of_429_ends(tmp_path: Path) -> None:
    again = status(429, "slow down", x_rate_limit_retry_after_seconds=10)
    with tried(tmp_path, always=again) as t:
        assert "its limit is reached" in t.refused(piece())
        assert t.standin.clock.waits == [10.0] * 5  # the pauses between requests are within


def test_a_wait_that_outlasts_the_scroll_costs_a_new_beginning(
    tmp_path: Path,
) -> None:
    faults = {3: status(429, "slow down", x_rate_limit_retry_after_seconds=90)}
    with tried(tmp_path, faults=faults) as t:
        assert t.fetch(piece()) == [DONE]
        assert t.ids() == ALL
        assert "the scroll ended early (404: no such scroll)" in t.said[1]


# --- answers that are lost ----------------------------------------------------------------------


@pytest.mark.parametrize("fault", [status(404, "gone"), status(400, "no scroll"), cut,
                                   status(503, "busy"), content(b'{"total": 35', 200)])  # fmt: skip
def test_a_scroll_that_cannot_go_on_starts_again_once(tmp_path: Path, fault) -> None:
    with tried(tmp_path, faults={3: fault}) as t:
        if fault.__qualname__.startswith("content"):
            assert "not JSON" in t.refused(piece())
            return
        assert t.fetch(piece()) == [DONE]
        assert t.ids() == ALL
        assert len(t.standin.searches) == 3 + 5
        assert len(t.said) == 1
        assert "asked once more from its beginning" in t.said[0]


def test_twice_is_once_too_often_and_what_came_stays(tmp_path: Path) -> None:
    with tried(tmp_path, faults={4: status(404, "gone"), 6: status(404, "gone")}) as t:
        assert "twice" in t.refused(piece())
        assert t.ids() == ALL[:30]  # of the first attempt; the second had less
        assert not list((t.out / "pages").glob(".*"))
        assert t.account()[0]["state"] == "begun"


def test_a_lost_first_answer_is_asked_for_again(tmp_path: Path) -> None:
    with tried(tmp_path, faults={1: cut, 2: status(502)}) as t:
        assert t.fetch(piece()) == [DONE]
        assert t.ids() == ALL
        assert {2.0, 10.0} <= set(t.standin.clock.waits)
    with tried(tmp_path, always=cut) as t:
        assert "does not answer" in t.refused(piece(size=9))


def test_nobody_there_is_one_line(tmp_path: Path) -> None:
    with tried(tmp_path) as t:
        pass
    assert "does not answer" in t.refused(piece())


# --- answers that are not what was asked --------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (defaults, "20 records on a page where 30 were asked for"),
        (changed(lambda a: {**a, "data": a["data"][:7]}), "7 records on a page where 30"),
        (changed(lambda a: {**a, "data": []}), "0 records on a page where 30"),
        (changed(lambda a: a["data"].append({"lens_id": "x"})), "31 records on a page where 30"),
        (changed(lambda a: a["data"][3].update(abstract=[])), "nobody asked for: abstract"),
        (changed(lambda a: a.pop("total") and a), "no number of results"),
        (changed(lambda a: {**a, "total": "35"}), "no number of results"),
        (changed(lambda a: {**a, "total": True}), "no number of results"),
        (changed(lambda a: {**a, "total": -1}), "no number of results"),
        (changed(lambda a: {**a, "data": {}}), "no list of records"),
        (changed(lambda a: {**a, "data": ["x"] * 30}), "no list of records"),
        (changed(lambda a: a["data"]), "not JSON of an answer"),
        (content(b"<html>welcome</html>"), "not JSON"),
        (content(b"[" * 100_000), "not JSON"),
        (content(b""), "not JSON"),
        (content(json.dumps({"total": 0, "data": None, "you": TOKEN}).encode()), "the token"),
        (
            content(json.dumps({"total": 0, "a": TOKEN}).replace("-", "\\u002d").encode()),
            "the token",
        ),
    ],
)
def test_an_answer_that_was_not_asked_for_stops_and_is_not_kept(
    tmp_path: Path, fault, words: str
) -> None:
    with tried(tmp_path, faults={1: fault}) as t:
        assert words in t.refused(piece(size=30))
        assert t.pages() == []
        assert t.fetch(piece(size=30)) == [DONE]  # the same command goes on
        assert t.ids() == ALL


def test_more_than_the_ids_asked_for_was_not_asked_for(tmp_path: Path) -> None:
    some = piece(query={"terms": {"lens_id": ALL[:3]}}, include=None, size=20)
    with tried(tmp_path, faults={1: defaults}) as t:
        assert "38 results where 3 Lens IDs were asked for" in t.refused(some)


def test_an_alias_counts_as_answered(tmp_path: Path) -> None:
    asked = [lens_id(900), lens_id(901), ALL[0]]
    with tried(tmp_path, aliases={lens_id(900): ALL[4]}) as t:
        assert t.fetch(piece(query={"terms": {"lens_id": asked}})) == [DONE]
        assert t.ids() == [ALL[0], ALL[4]]
        assert "2 of 3 Lens IDs asked for came under another one or not at all" in t.said[0]


def test_fewer_records_than_stated_are_asked_for_once_more_and_then_told(tmp_path: Path) -> None:
    with tried(tmp_path, short=2) as t:
        assert t.fetch(piece()) == [INCOMPLETE]
        assert sum("scroll_id" not in b for b in t.standin.searches) == 2
        assert t.said == [
            "quantum: 35 results stated, 33 of them sent; asked once more from its beginning",
            "quantum: incomplete: 35 results stated, 33 of them sent",
        ]
        assert t.ids() == ALL[:33]
        (about,) = t.account()
        assert (about["state"], about["records"]) == ("incomplete", 33)


def test_a_copy_in_place_of_a_record_is_noticed(tmp_path: Path) -> None:
    def twice(answer: dict) -> None:
        answer["data"][1] = answer["data"][0]

    with tried(tmp_path, faults={2: changed(twice)}) as t:
        assert t.fetch(piece()) == [DONE]
        assert "35 results stated, 34 of them sent" in t.said[0]
        assert t.ids() == ALL


def test_more_records_than_stated_are_kept_and_told(tmp_path: Path) -> None:
    def fewer(answer: dict) -> dict:
        return {**answer, "total": 30}

    with tried(tmp_path, always=changed(lambda a: fewer(a))) as t:
        assert t.fetch(piece()) == [DONE]
        assert t.ids() == ALL
        assert t.said == ["quantum: 30 results stated, 35 sent; all are kept"]


def test_a_total_that_changes_on_the_way_starts_again(tmp_path: Path) -> None:
    with tried(tmp_path, faults={2: changed(lambda a: {**a, "total": 90})}) as t:
        assert t.fetch(piece()) == [DONE]
        assert t.ids() == ALL
        assert "changed from 35 to 90" in t.said[0]


def test_a_scroll_that_turns_in_circles_ends(tmp_path: Path) -> None:
    with tried(tmp_path) as t:
        page = {"total": 35, "data": [{"lens_id": i} for i in ALL[:10]], "scroll_id": "a"}
        t.standin.always = content(json.dumps(page).encode())
        assert "again and again" in t.refused(piece())
        assert len(t.standin.searches) == 8


def test_a_scroll_that_never_ends_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_BEYOND", 30)
    new = iter(range(10**6))

    def always_more(answer: dict) -> dict:
        more = [{"lens_id": f"new {next(new)}"} for _ in range(10)]
        return {"total": 1, "data": more[: 1 if not answer["data"] else 10], "scroll_id": "a"}

    with tried(tmp_path) as t:
        first = content(b'{"total": 1, "data": [{"lens_id": "a"}], "scroll_id": "a"}')
        t.standin.faults = {1: first, 16: first}

        def endless(handler, _) -> bool:
            handler.reply(200, always_more({"data": [1]}))
            return True

        t.standin.always = endless
        assert "came of 1 stated" in t.refused(piece())


def test_records_without_lens_id_are_kept_and_told(tmp_path: Path) -> None:
    with tried(tmp_path, faults={2: changed(lambda a: a["data"][0].pop("lens_id") and None)}) as t:
        assert t.fetch(piece()) == [DONE]
        assert len(t.pages()) == 4
        assert t.said == ["quantum: 1 records came without a Lens ID"]


def test_a_scroll_without_id_cannot_be_complete(tmp_path: Path) -> None:
    with tried(tmp_path, always=changed(lambda a: a.pop("scroll_id") and None)) as t:
        assert "no scroll_id" in t.refused(piece())
        assert t.fetch(piece(size=40)) == [DONE]  # all on one page


def test_one_page_is_asked_for_and_its_rest_is_told(tmp_path: Path) -> None:
    with tried(tmp_path) as t:
        assert t.fetch(piece(scroll=None)) == [DONE]
        assert len(t.standin.searches) == 1
        assert "35 results stated, 10 of them sent, as its request has no scroll" in t.said[0]


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [1, 3])
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (401, "refuses the token of LENS_API_TOKEN (401: no, (the token))"),
        (403, "refuses the token of LENS_API_TOKEN (403: no, (the token))"),
        (415, "answers 415: no, (the token)"),
        (302, "sends on to another address (302)"),
        (409, "answers 409: no, (the token)"),
    ],
)
def test_a_refusal_stops_with_the_message_of_the_service(
    tmp_path: Path, code: int, words: str, at: int
) -> None:
    with tried(
        tmp_path, faults={at: status(code, f"no, {TOKEN}", Location="http://127.0.0.1:9/x")}
    ) as t:
        assert words in t.refused(piece())
        assert len(t.standin.asked) == at


def test_a_400_stops_with_the_message_of_the_service(tmp_path: Path) -> None:
    with tried(tmp_path, page=5) as t:
        assert "400: size 10 exceeds the maximum 5" in t.refused(piece())
        t.standin.faults = {2: content(b'{"error": {"a": "b"}}', 400)}
        assert '400: {"a":"b"}' in t.refused(piece())


def test_whole_families_have_more_records_than_hits(tmp_path: Path) -> None:
    with tried(tmp_path) as t:
        assert t.fetch(piece(expand_by="SIMPLE_FAMILY")) == [DONE]
        assert t.said == []
        (about,) = t.account()
        assert (about["records"], about["total"]) == (38, 35)
        assert set(t.ids()) == {*ALL, *(lens_id(n) for n in (1001, 1002, 1003))}


def test_where_families_are_refused_it_is_asked_without_and_said_once(tmp_path: Path) -> None:
    two = piece(expand_by="SIMPLE_FAMILY"), piece(expand_by="SIMPLE_FAMILY", size=20)
    with tried(tmp_path, expansion=False) as t:
        assert t.fetch(*two) == [DONE, DONE]
        assert len(t.said) == 1
        assert "asked without expand_by" in t.said[0]
        begun = [b for b in t.standin.searches if "scroll_id" not in b]
        assert ["expand_by" in b for b in begun] == [True, False, False]
        (first, second) = t.account()
        assert first["records"] == second["records"] == 35


# --- limits -------------------------------------------------------------------------------------


def test_no_more_records_come_than_allowed(tmp_path: Path) -> None:
    with tried(tmp_path) as t:
        with pytest.raises(Enough):
            t.fetch(piece(), most=34)  # the first page says that there are 35
        assert len(t.standin.searches) == 1
        with pytest.raises(Enough):
            t.fetch(piece(expected=35), most=34)
        assert len(t.standin.searches) == 1
        with pytest.raises(Enough):
            t.fetch(piece(), piece(size=20), most=35)
        assert len(t.standin.searches) == 1 + 5
        assert t.fetch(piece(), piece(size=20), most=70) == [DONE, DONE]


def test_an_interruption_costs_the_unfinished_query_only(tmp_path: Path) -> None:
    with tried(tmp_path) as t:
        waits = iter(range(10))

        def stop(*_: object) -> None:
            if next(waits) == 9:
                raise KeyboardInterrupt

        t.standin.clock.sleep = stop
        with pytest.raises(KeyboardInterrupt):  # in the wait after ten requests
            t.fetch(piece(), piece(size=7), piece(size=8))
        assert sorted(a["state"] for a in t.account()) == ["begun", "done"]
        begun = sorted(p.name for p in (t.out / "pages").iterdir())
        del t.standin.clock.sleep
        t.standin.clock.sleep(60)
        assert t.fetch(piece(size=7)) == [DONE]
        assert sorted(p.name for p in (t.out / "pages").iterdir()) == begun
        assert len(t.ids()) == 70


def test_errors_of_others_are_not_taken_for_no_results(tmp_path: Path) -> None:
    with tried(tmp_path, faults={1: content(b"<h1>Not Found</h1>", 404)}) as t:
        assert "404: no message" in t.refused(piece())


def test_the_error_of_the_stand_in_is_as_documented() -> None:
    assert set(error(400, "x")) == {"reference", "message", "code"}
