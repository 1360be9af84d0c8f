"""A file of queries fetched from a stand-in, up to the corpus made of it."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

pytest.importorskip("httpx", reason="httpx is not installed: run 'make setup'")

from netpos.commands.fetch import Common, fetch_command
from netpos.commands.query import query_command
from netpos.countries import data_path
from netpos.errors import OptionError, ServiceError
from netpos.fetching.asking import Clock
from netpos.ingest.corpus import ingest
from tests.fetching.standin import TOKEN, StandIn, Time, serving, status
from tests.lens import QUANTUM

MINUTE = {"limits": [{"type": "REQUEST", "per": "MINUTE", "allowed": 10, "remaining": 10}]}


def demo_records() -> list[dict]:
    """Records of the bundled export that are whole, each once."""
    found: dict[str, dict] = {}
    for line in gzip.decompress(
        data_path("demo_synthetic_lens.jsonl.gz").read_bytes()
    ).splitlines():
        if b"G06N10" in line and line.endswith(b"}"):
            record = json.loads(line)
            found.setdefault(record["lens_id"], record)
    return list(found.values())


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LENS_API_TOKEN", TOKEN)
    monkeypatch.setattr(Clock, "sleep", lambda *_: pytest.fail("somebody really waits"))


def queries(folder: Path, **about: object) -> Path:
    text = query_command(Path(QUANTUM[1]), first=2015, last=2016, as_="api", **about)
    (folder / "q.json").write_text(text, encoding="utf-8")
    return folder / "q.json"


class Call:
    """What a command is given, and what it said."""

    def __init__(self, standin: StandIn, out: Path, *answers: bool | None, **more: object) -> None:
        self.said, self.asked, answered = [], [], iter(answers)

        def confirm(question: str) -> bool | None:
            self.asked.append((question, list(self.said)))
            return next(answered)

        self.common = Common(
            out, self.said.append, confirm, url=standin.url, clock=standin.clock, **more
        )


def test_what_is_fetched_makes_the_same_corpus_as_the_export(tmp_path: Path) -> None:
    records = demo_records()
    with serving(StandIn(records, usage=MINUTE)) as standin:
        call = Call(standin, tmp_path / "out", True)
        pages = fetch_command(queries(tmp_path), call.common)
    assert pages == tmp_path / "out" / "pages"
    hits = [r for r in records if r.get("date_published", "")[:4] in ("2015", "2016")]
    got = {r["lens_id"] for p in pages.glob("*/*.json") for r in json.loads(p.read_text())["data"]}
    assert len(hits) > 20
    members = {
        m["lens_id"]
        for r in hits
        for m in r["families"].get("simple_family", {}).get("members", [])
    }
    assert got == {r["lens_id"] for r in hits} | members & {r["lens_id"] for r in records}
    corpus = ingest([pages], tmp_path / "corpus")
    assert set(corpus.documents["lens_id"]) == got
    assert corpus.counts["rejected"] == 0
    (tmp_path / "plain.jsonl").write_text(
        "".join(json.dumps(r) + "\n" for r in records if r["lens_id"] in got), encoding="utf-8"
    )
    plain = ingest([tmp_path / "plain.jsonl"], tmp_path / "plain")
    assert plain.counts["citations"] > 20
    for name in ("kept", "citations", "families"):
        assert corpus.counts[name] == plain.counts[name]


def test_terms_usage_and_what_it_takes_come_before_the_question(tmp_path: Path) -> None:
    with serving(StandIn(demo_records(), usage=MINUTE)) as standin:
        call = Call(standin, tmp_path / "out", False)
        (tmp_path / "c.csv").write_text("year,documents\n2015,40\n2016,150\n")
        file = queries(tmp_path, counts=tmp_path / "c.csv", limit=200)
        assert fetch_command(file, call.common) is None
        assert standin.searches == []  # the answer was no
        ((question, before),) = call.asked
        text = "\n".join(before)
        assert question == "Fetch now?"
        for words in ("commercial", "Enabled by The Lens", "never run against the live service",
                      "about 190 records", "5 requests", "1 minute at", "quota left"):  # fmt: skip
            assert words in text, words
        assert call.said[-2:] == ["nothing was fetched", "no records are there"]


def test_terms_come_before_anything_is_sent(tmp_path: Path) -> None:
    with serving(StandIn([])) as standin:
        standin.usage = lambda handler, _: (
            seen.append(list(call.said)),
            status(401, "no")(handler, 0),
        )
        seen: list = []
        call = Call(standin, tmp_path / "out", yes=True)
        with pytest.raises(ServiceError, match="LENS_API_TOKEN"):
            fetch_command(queries(tmp_path), call.common)
        assert any("commercial" in line for line in seen[0])
        assert len(standin.asked) == 1


def test_nobody_to_ask_is_told_what_to_pass(tmp_path: Path) -> None:
    with serving(StandIn(demo_records())) as standin:
        with pytest.raises(OptionError, match=r"--yes, or --max-records"):
            fetch_command(queries(tmp_path), Call(standin, tmp_path / "out", None).common)
        assert standin.searches == []


def test_usage_of_an_unknown_form_is_said_and_the_careful_speed_kept(tmp_path: Path) -> None:
    with serving(StandIn(demo_records(), usage={"odd": [1]})) as standin:
        call = Call(standin, tmp_path / "out", yes=True)
        fetch_command(queries(tmp_path, slices_per_year=6), call.common)
        assert "100 records a page, 10 requests a minute" in "\n".join(call.said)
        assert len(standin.searches) > 20
        assert not any("429" in line for line in call.said)


def test_the_same_command_goes_on_where_it_stopped(tmp_path: Path) -> None:
    spent = status(429, "spent", x_rate_limit_retry_after_seconds=2125876)
    with serving(StandIn(demo_records(), usage=MINUTE, faults={4: spent})) as standin:
        file = queries(tmp_path, slices_per_year=2)
        with pytest.raises(ServiceError, match="go on after 2023-12-09"):
            fetch_command(file, Call(standin, tmp_path / "out", yes=True).common)
        states = json.loads((tmp_path / "out" / "fetch.json").read_text())["queries"].values()
        (done,) = [q["folder"] for q in states if q["state"] == "done"]
        before = {p: p.read_bytes() for p in (tmp_path / "out" / "pages" / done).iterdir()}
        assert before
        standin.asked.clear()
        standin.faults.clear()
        call = Call(standin, tmp_path / "out", True)
        fetch_command(file, call.common)
        assert "1 of 4 queries are there already" in call.said
        filters = [b["query"]["bool"]["filter"] for b in standin.searches if "query" in b]
        ranges = [f[0]["range"]["date_published"]["gte"] for f in filters]
        assert ranges == ["2015-07-01", "2016-01-01", "2016-07-01"]
        assert all(p.read_bytes() == raw for p, raw in before.items())
        standin.asked.clear()
        fetch_command(file, Call(standin, tmp_path / "out").common)
        assert standin.asked == []  # all is there: not even the usage is asked


def test_pages_of_other_queries_in_the_folder_are_told(tmp_path: Path) -> None:
    with serving(StandIn(demo_records(), usage=MINUTE)) as standin:
        fetch_command(queries(tmp_path), Call(standin, tmp_path / "out", True).common)
        again = Call(standin, tmp_path / "out")
        fetch_command(queries(tmp_path), again.common)
        assert not any("also holds" in line for line in again.said)
        other = Call(standin, tmp_path / "out", False)
        fetch_command(queries(tmp_path, slices_per_year=2), other.common)
        assert any("also holds pages of 2 other queries" in line for line in other.said)


def test_a_limit_is_consent_and_is_kept(tmp_path: Path) -> None:
    with serving(StandIn(demo_records(), usage=MINUTE, expansion=False)) as standin:
        file = queries(tmp_path)
        call = Call(standin, tmp_path / "out", max_records=110)
        assert fetch_command(file, call.common) is None or standin.searches
        assert call.asked == []
        records = sum(len(json.loads(p.read_text())["data"])
                      for p in (tmp_path / "out" / "pages").rglob("*.json"))  # fmt: skip
        assert records <= 110
        assert any("stopped by --max-records" in line for line in call.said)


def test_queries_that_stay_incomplete_end_with_their_names(tmp_path: Path) -> None:
    with serving(StandIn(demo_records(), usage=MINUTE, short=1, expansion=False)) as standin:
        with pytest.raises(ServiceError, match="incomplete although asked twice: quantum, 2015"):
            fetch_command(queries(tmp_path), Call(standin, tmp_path / "out", yes=True).common)
        states = json.loads((tmp_path / "out" / "fetch.json").read_text())["queries"].values()
        assert [q["state"] for q in states] == ["incomplete"] * 2  # all were asked


def test_a_page_larger_than_the_plan_is_foretold(tmp_path: Path) -> None:
    with serving(StandIn([], usage={**MINUTE, "maxRecordsPerRequest": 50})) as standin:
        call = Call(standin, tmp_path / "out", False)
        fetch_command(queries(tmp_path), call.common)
        assert any("100 records a page, the plan allows 50" in line for line in call.said)


def test_the_token_is_in_nothing_that_is_written_or_said(tmp_path: Path) -> None:
    file = tmp_path / "t"
    file.write_text(TOKEN)
    with serving(StandIn(demo_records(), usage=MINUTE)) as standin:
        call = Call(standin, tmp_path / "out", True, token_file=file)
        fetch_command(queries(tmp_path), call.common)
    said = "\n".join(call.said) + repr(call.common)
    written = b"".join(p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file())
    names = " ".join(map(str, (tmp_path / "out").rglob("*")))
    assert TOKEN not in said + names
    assert TOKEN.encode() not in written
    assert not re.search("bearer|authorization", said + written.decode(), re.IGNORECASE)


def test_the_clock_of_tests_is_not_that_of_the_user() -> None:
    assert abs(Clock().now() - Time().now()) > 1e6
