"""Rounds that locate citations, against what `missing` promises and what the stand-in holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("httpx", reason="httpx is not installed: run 'make setup'")

from typer.testing import CliRunner

from netpos.analysis import prepare
from netpos.cli import app
from netpos.commands.fetch import Common
from netpos.commands.fetch_missing import Gaps, fetch_missing, holders
from netpos.commands.missing import coverage, missing_documents, promise
from netpos.errors import InputError, OptionError, ServiceError
from netpos.fetching.asking import Clock
from netpos.ingest.corpus import ingest, open_corpus
from netpos.options import Options, make
from tests.fetching.standin import TOKEN, StandIn, serving, status
from tests.lens import QUANTUM, lens_id, record, write

OPTIONS: Options = make({"technologies": QUANTUM[1]})
SEEDS = range(1, 13)
FAR = range(101, 141)


def seeds() -> list[dict]:
    """Twelve families: each cites five documents outside, two of them one that cites nothing."""
    return [
        record(n, cites=[100 + (n * k) % 40 + 1 for k in range(1, 6)], cited_by=[200 + n])
        for n in SEEDS
    ]


def world() -> list[dict]:
    """What the service holds: the seeds, what they cite, and what cites them."""
    far = [record(n, symbols=["A61K31/00"], applicants=[(f"FAR {n}", "US")]) for n in FAR]
    citing = [
        record(200 + n, symbols=["A61K31/00"], cites=[n], applicants=[("LATE", "JP")])
        for n in SEEDS
    ]
    return seeds() + far + citing


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    ingest([write(tmp_path / "seeds.jsonl", seeds())], tmp_path / "corpus")
    return tmp_path / "corpus"


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    monkeypatch.setenv("LENS_API_TOKEN", TOKEN)
    with serving(StandIn(world())) as found:
        yield found


def located(corpus: Path, scope: str) -> tuple[int, int]:
    now = coverage(prepare(open_corpus(corpus), OPTIONS), scope=scope)
    return now.located, now.citations


def close(standin: StandIn, corpus: Path, said: list[str], **more: object) -> Path:
    common = {k: more.pop(k) for k in ("yes", "max_records", "confirm") if k in more}
    common = {"yes": "max_records" not in common, "confirm": lambda _: None} | common
    gaps = Gaps(corpus, OPTIONS, **more)
    out = corpus.parent / "out"
    copy, _ = fetch_missing(
        gaps, Common(out, said.append, url=standin.url, clock=standin.clock, **common)
    )
    assert copy == out / "corpus"
    return copy


def files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def fields(standin: StandIn) -> list[tuple[str, int]]:
    """What was asked by, and how many documents were named."""
    asked = [b["query"]["terms"] for b in standin.searches if "query" in b]
    return [(k, len(v)) for a in asked for k, v in a.items()]


def test_rounds_close_what_missing_promises_and_leave_the_corpus_alone(
    standin: StandIn, corpus: Path
) -> None:
    study = prepare(open_corpus(corpus), OPTIONS)
    promised = {}
    for scope in ("citing", "cited"):
        now = coverage(study, scope=scope)
        promised[scope] = promise(missing_documents(study, scope=scope), now)["located"].max()
        assert now.located < promised[scope]
    before, said = files(corpus), []
    copy = close(standin, corpus, said)
    assert files(corpus) == before
    for scope in ("citing", "cited"):
        assert located(copy, scope) == (promised[scope], promised[scope])
    assert fields(standin) == [
        ("cited_by.patent.lens_id", 12),
        ("reference_cited.patent.lens_id", 12),
    ]
    assert "nothing is left to ask for" in said
    assert set(open_corpus(copy).documents.filter(role="context")["lens_id"]) == {
        r["lens_id"] for r in world()
    } - {lens_id(n) for n in SEEDS} - {lens_id(n) for n in FAR if not cited(n)}


def cited(n: int) -> bool:
    """Whether a seed cites a far document."""
    return any(n == 100 + (s * k) % 40 + 1 for s in SEEDS for k in range(1, 6))


def test_documents_with_most_to_locate_come_first(corpus: Path) -> None:
    table = holders(prepare(open_corpus(corpus), OPTIONS), "citing")
    assert table["citations"].is_sorted(descending=True)
    assert table.height == 12
    assert table["citations"].sum() == sum(
        len({100 + (n * k) % 40 + 1 for k in range(1, 6)}) for n in SEEDS
    )


def test_batches_and_scope(standin: StandIn, corpus: Path) -> None:
    close(standin, corpus, [], batch=5, scope="cited")
    assert fields(standin) == [("reference_cited.patent.lens_id", n) for n in (5, 5, 2)]
    plan = json.loads((corpus.parent / "out" / "round-1.json").read_text())
    assert [(q["part"], q["parts"], q["expected"]) for q in plan] == [
        (1, 3, 5),
        (2, 3, 5),
        (3, 3, 2),
    ]


def test_an_id_that_comes_under_another_is_asked_for_once_and_rounds_end(
    standin: StandIn, corpus: Path
) -> None:
    gone = lens_id(102)  # the service knows it under another ID, and not as cited by the seeds
    standin.records = [r for r in standin.records if r["lens_id"] != gone]
    standin.records.append(record(999, symbols=["A61K31/00"], applicants=[("ALIAS", "US")]))
    standin.by_id = {r["lens_id"]: r for r in standin.records}
    standin.aliases = {gone: lens_id(999)}
    said: list[str] = []
    close(standin, corpus, said, scope="citing", rounds=50)
    assert fields(standin) == [("cited_by.patent.lens_id", 12), ("lens_id", 1)]
    assert any("1 of 1 Lens IDs asked for came under another one" in line for line in said)
    assert said[-2].startswith(("the round located nothing more", "nothing is left"))


def test_members_that_state_a_country_are_fetched_for_families_without(
    standin: StandIn, tmp_path: Path
) -> None:
    def nowhere(n: int, **about: object) -> dict:
        return record(n, applicants=[("X", None)], priority=("EP", "2016-01-01"), **about)

    rows = [nowhere(1, cites=[2], members=[1, 50], family=1), record(2)]
    standin.records = [
        *rows,
        record(50, members=[1, 50], family=1, applicants=[("X", "FR")], symbols=["A61K31/00"]),
    ]
    standin.by_id = {r["lens_id"]: r for r in standin.records}
    ingest([write(tmp_path / "s.jsonl", rows)], tmp_path / "corpus")
    assert located(tmp_path / "corpus", "citing") == (0, 1)
    copy = close(standin, tmp_path / "corpus", [], scope="citing")
    assert ("lens_id", 1) in fields(standin)
    assert located(copy, "citing") == (1, 1)


def test_a_spent_quota_keeps_what_came_and_the_same_command_goes_on(
    standin: StandIn, corpus: Path
) -> None:
    spent = status(429, "spent", x_rate_limit_retry_after_seconds=2125876)
    standin.faults = {3: spent}
    said: list[str] = []
    with pytest.raises(ServiceError, match="go on after"):
        close(standin, corpus, said, batch=5)
    halfway = located(corpus.parent / "out" / "corpus", "citing")
    assert 0 < halfway[0] < halfway[1]
    assert any(line.startswith("located so far") for line in said)
    before = fields(standin)
    standin.faults = {}
    copy = close(standin, corpus, said, batch=3)  # the plan of the round begun stays
    assert located(copy, "citing") == (halfway[1], halfway[1])
    after = fields(standin)[len(before) :]
    whole = len(json.loads((corpus.parent / "out" / "round-1.json").read_text()))
    assert whole == 6
    assert len(after) == whole - 1  # one was done before


def test_rounds_are_limited_and_records_too(standin: StandIn, corpus: Path) -> None:
    said: list[str] = []
    close(standin, corpus, said, max_records=1)
    assert "stopped by --max-records" in "\n".join(said)
    assert standin.searches == []
    assert not (corpus.parent / "out" / "round-2.json").exists()
    close(standin, corpus, said, rounds=1)
    assert not (corpus.parent / "out" / "round-2.json").exists()
    assert any("more with" not in line and "to fetch: 2 queries" in line for line in said)


def test_no_is_no(standin: StandIn, corpus: Path) -> None:
    close(standin, corpus, [], yes=False, confirm=lambda _: False)
    assert standin.searches == []


def test_added_only_where_asked(standin: StandIn, corpus: Path) -> None:
    said: list[str] = []
    copy = close(standin, corpus, said, add=True)
    assert located(corpus, "citing") == located(copy, "citing")
    assert open_corpus(corpus).documents.filter(role="seed").height == 12
    close(standin, corpus, said, add=True)  # the corpus has grown by what this fetch brought
    assert said[-3] == "nothing is left to ask for"


def test_another_corpus_needs_another_folder(
    standin: StandIn, corpus: Path, tmp_path: Path
) -> None:
    close(standin, corpus, [])
    ingest([write(tmp_path / "more.jsonl", [record(77)])], corpus)
    with pytest.raises(InputError, match="another corpus, or its seeds have changed"):
        close(standin, corpus, [])
    with pytest.raises(OptionError, match="lies in the corpus"):
        fetch_missing(Gaps(corpus, OPTIONS), Common(corpus / "x", print, lambda _: None))
    with pytest.raises(OptionError, match="--scope all"):
        fetch_missing(Gaps(corpus, OPTIONS, scope="all"), Common(tmp_path, print, lambda _: None))


def test_as_typed(standin: StandIn, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Clock, "now", lambda _: standin.clock.now())
    monkeypatch.setattr(Clock, "sleep", lambda _, s: standin.clock.sleep(s))
    out = corpus.parent / "typed"
    given = ["fetch", "--missing", str(corpus), "--out", str(out), "--url", standin.url, "--yes"]
    done = CliRunner().invoke(app, [*given, "--rounds", "2", *QUANTUM])
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{out / 'pages'}\n"
    assert f"netpos analyse {out / 'corpus'}" in done.stderr
    for wrong in ([*given, str(corpus)], ["fetch", "--out", str(out)],
                  ["fetch", str(corpus), "--out", str(out), "--add"]):  # fmt: skip
        done = CliRunner().invoke(app, wrong)
        assert done.exit_code == 2
        assert "--missing" in done.stderr
