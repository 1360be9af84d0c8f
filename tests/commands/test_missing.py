"""What ``missing`` promises is what coverage gains once the documents are ingested as context."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from netpos import analysis
from netpos.analysis.study import Study
from netpos.commands.missing import (
    MISSING,
    PER_QUERY,
    Coverage,
    as_ids,
    as_lens_query,
    coverage,
    families_without_country,
    missing_command,
    missing_documents,
    promise,
    without_lens_id,
)
from netpos.countries import data_path
from netpos.errors import OptionError
from netpos.ingest.corpus import ingest, read
from netpos.options import make
from tests.lens import lens_id, record, write

DEMO = data_path("demo_synthetic_lens.jsonl.gz")


def study(corpus, **options) -> Study:
    return analysis.prepare(corpus, make(options))


def counted(s: Study, technology: str = "quantum") -> tuple[int, int]:
    """Citations and located citations as the table of coverage has them."""
    row = analysis.coverage_table(s).row(
        by_predicate=(pl.col("technology") == technology)
        & (pl.col("period") == "all")
        & (pl.col("rule") == "all"),
        named=True,
    )
    return row["citations"], row["citations_located"]


def nowhere(n: int, **about) -> dict:
    """A record that states no country: no residence, and a priority at an office of no country."""
    return record(n, applicants=[(f"UNPLACED {n}", None)], priority=("EP", "2016-01-01"), **about)


def rows(table: pl.DataFrame) -> list[tuple[str | None, int]]:
    return list(table.select("lens_id", "citations").iter_rows())


SEEDS = [
    record(1, cites=[10, 11, 12], cited_by=[20, 21]),
    record(2, cites=[10, 11], applicants=[("ZWEI GMBH", "DE")], cited_by=[20]),
    record(3, cites=[10, 1], applicants=[("TROIS SA", "FR")]),
    nowhere(4, cites=[10, 12, 13], cited_by=[20]),
    record(5, cites=[11, 14], symbols=["A01B1/00"]),  # of no technology
    record(6, cites=[12], published="2013-06-01"),  # before the span
]


def corpus_of(tmp_path: Path, records=SEEDS, name: str = "seeds"):
    return ingest([write(tmp_path / f"{name}.jsonl", records)], tmp_path / "corpus")


def fetched(tmp_path: Path, records: list[dict]):
    """The corpus after these documents came in as context."""
    path = write(tmp_path / f"context-{len(list(tmp_path.iterdir()))}.jsonl", records)
    return ingest([path], tmp_path / "corpus", role="context")


def test_documents_are_ranked_by_the_citations_they_would_locate(tmp_path: Path) -> None:
    s = study(corpus_of(tmp_path))
    table = missing_documents(s, technology="quantum")
    # families 1, 2, 3 are located and in quantum within 2015-2025; 10 is cited by all three
    assert rows(table) == [(lens_id(10), 3), (lens_id(11), 2), (lens_id(12), 1)]
    assert table.schema == pl.Schema(MISSING)
    assert table.row(0)[1:4] == ("EP", "10", "A1")
    now = coverage(s, technology="quantum")
    # 3 + 2 + 2 + 3 pairs, of which only 3 -> 1 has a country at both ends
    assert (now.citations, now.located) == (10, 1) == counted(s)
    assert promise(table, now).rows() == [(1, 4, 0.4), (2, 6, 0.6), (3, 7, 0.7)]


def test_coverage_rises_by_what_was_promised_document_by_document(tmp_path: Path) -> None:
    s = study(corpus_of(tmp_path))
    table = missing_documents(s, technology="quantum")
    promised = promise(table, coverage(s, technology="quantum"))
    for n, located in zip((10, 11, 12), promised["located"], strict=True):
        later = study(fetched(tmp_path, [record(n, applicants=[(f"FAR {n}", "US")])]))
        assert counted(later) == (10, located)
        assert lens_id(n) not in as_ids(missing_documents(later, technology="quantum"))
    # what is left is held back by family 4, which has no country
    assert missing_documents(later, technology="quantum").height == 0


def test_promises_hold_at_every_prefix_of_a_random_corpus(tmp_path: Path) -> None:
    draw = random.Random(3)
    make_one = [record, record, nowhere]
    seeds = [
        draw.choice(make_one)(
            n, cites=draw.sample(range(1, 90), 6), published=f"20{10 + n % 14}-05-05"
        )
        for n in range(1, 31)
    ]
    s = study(corpus_of(tmp_path, seeds))
    table = missing_documents(s, technology="quantum")
    promised = promise(table, coverage(s, technology="quantum"))
    assert table.height > 30
    at, number = 0, {lens_id(n): n for n in range(100)}
    before = counted(s)[0]
    for size in (1, 5, 20, table.height):
        ids = as_ids(table)[at:size]
        # what they cite, and who cites them, is their own affair
        more = [record(number[i], applicants=[("FAR", "US")], cites=[500, 501], family=number[i])
                for i in ids]  # fmt: skip
        later = study(fetched(tmp_path, more))
        assert counted(later) == (before, promised["located"][size - 1])
        at = size


def test_citing_documents_are_promised_in_scope_cited(tmp_path: Path) -> None:
    s = study(corpus_of(tmp_path))
    table = missing_documents(s, technology="quantum", scope="cited")
    # 20 cites families 1, 2 and the unplaced 4; 21 cites 1
    assert rows(table) == [(lens_id(20), 2), (lens_id(21), 1)]
    now = coverage(s, technology="quantum", scope="cited")
    assert (now.citations, now.located) == (5, 1)  # 20 -> 1, 2, 4; 21 -> 1; 3 -> 1
    assert promise(table, now).rows() == [(1, 3, 0.6), (2, 4, 0.8)]
    later = study(
        fetched(
            tmp_path,
            [record(n, applicants=[(f"FAR {n}", "JP")], published="2020-02-02") for n in (20, 21)],
        ),
        scope="cited",
    )
    assert coverage(later, technology="quantum", scope="cited") == Coverage(5, 4)
    links = later.links("quantum", (2015, 2025))
    assert links.table["citations"].sum() == 4
    assert dict(
        links.table.filter(pl.col("citing") == "JP").select("cited", "citations").rows()
    ) == {
        "NL": 2,
        "DE": 1,
    }


def test_a_citing_document_without_date_is_promised_the_most_it_can_add(tmp_path: Path) -> None:
    s = study(corpus_of(tmp_path))
    now = coverage(s, technology="quantum", scope="cited")
    promised = promise(missing_documents(s, technology="quantum", scope="cited"), now)
    later = study(
        fetched(tmp_path, [record(20, applicants=[("FAR", "JP")], published="2030-02-02")])
    )
    then = coverage(later, technology="quantum", scope="cited")
    # published after the span: its three pairs are no pairs of the span, located or not
    assert then == Coverage(now.citations - 3, now.located)
    assert then.located <= promised["located"].max()


def test_a_citing_document_dated_outside_the_span_is_not_promised(tmp_path: Path) -> None:
    def cited(n: int, date: str) -> dict:
        document = {"jurisdiction": "EP", "doc_number": str(n), "kind": "A1", "date": date}
        return {"document_id": document, "lens_id": lens_id(n)}

    seed = record(1)
    seed["biblio"]["cited_by"] = {"patents": [cited(2, "2012-01-01"), cited(3, "2016-01-01")]}
    s = study(corpus_of(tmp_path, [seed]))
    assert rows(missing_documents(s, scope="cited")) == [(lens_id(3), 1)]
    assert rows(missing_documents(s, scope="cited", span=(2010, 2013))) == [(lens_id(2), 1)]


def test_nothing_is_promised_in_scope_closed_since_context_is_never_of_a_technology(
    tmp_path: Path,
) -> None:
    s = study(corpus_of(tmp_path))
    assert missing_documents(s, technology="quantum", scope="closed").height == 0
    assert coverage(s, technology="quantum", scope="closed") == Coverage(1, 1)
    text, notes = missing_command(s, technology="quantum", scope="closed")
    assert text == ""
    assert any("scope closed" in n and "--scope citing" in n for n in notes)
    later = study(
        fetched(tmp_path, [record(n, applicants=[("FAR", "US")]) for n in (10, 11, 12, 20, 21)])
    )
    assert coverage(later, technology="quantum", scope="closed") == Coverage(1, 1)


def test_span_technology_and_country_limit_the_families_asked_for(tmp_path: Path) -> None:
    s = study(corpus_of(tmp_path))
    early = missing_documents(s, technology="quantum", span=(2010, 2014))
    assert rows(early) == [(lens_id(12), 1)]
    assert missing_documents(s, technology="process").height == 0
    assert rows(missing_documents(s)) == rows(missing_documents(s, technology="quantum"))
    assert rows(missing_documents(s, country="de")) == [(lens_id(10), 1), (lens_id(11), 1)]
    assert coverage(s, country="DE") == Coverage(2, 0)
    assert missing_documents(s, country="BR").height == 0
    assert coverage(s, country="BR").share is None


def test_what_a_lookup_or_the_office_proxy_locates_is_not_missing(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path)
    file = tmp_path / "residences.csv"
    file.write_text(f"lens_id,country\n{lens_id(10)},US\n", encoding="utf-8")
    s = study(corpus, residences=str(file))
    assert rows(missing_documents(s, technology="quantum")) == [(lens_id(11), 2), (lens_id(12), 1)]
    assert coverage(s, technology="quantum").located == 4
    american = {
        "document_id": {"jurisdiction": "US", "doc_number": "77", "kind": "A1"},
        "lens_id": lens_id(77),
    }
    other = read(
        write(tmp_path / "o.jsonl", [record(1, cites=[10, {"sequence": 2, "patcit": american}])])
    )
    assert len(rows(missing_documents(study(other)))) == 2
    # EP is the office of no country, US is that of one
    assert rows(missing_documents(study(other, office_proxy=True))) == [(lens_id(10), 1)]


def test_only_citations_that_pass_the_filters_are_promised(tmp_path: Path) -> None:
    def by(n: int, phase: str) -> dict:
        document = {"jurisdiction": "EP", "doc_number": str(n), "kind": "A1"}
        return {
            "sequence": n,
            "patcit": {"document_id": document, "lens_id": lens_id(n)},
            "cited_phase": phase,
        }

    corpus = read(write(tmp_path / "a.jsonl", [record(1, cites=[by(10, "SEA"), by(11, "APP")])]))
    assert rows(missing_documents(study(corpus, phase="examiner"))) == [(lens_id(10), 1)]
    assert rows(missing_documents(study(corpus, phase="applicant"))) == [(lens_id(11), 1)]


def test_families_without_country_name_the_members_that_may_give_one(tmp_path: Path) -> None:
    seeds = [
        record(1, cites=[2]),
        nowhere(2, members=[30, 31], cites=[3]),
        record(3, cites=[4]),
        nowhere(4),
        nowhere(5, cites=[99]),  # the other end has no country either
    ]
    s = study(corpus_of(tmp_path, seeds))
    table = families_without_country(s, technology="quantum")
    assert table.rows() == [
        (lens_id(2), [lens_id(30), lens_id(31)], 2),
        (lens_id(4), [], 1),
    ]
    text, notes = missing_command(s, technology="quantum", families=True)
    assert text == f"{lens_id(30)}\n{lens_id(31)}\n"
    assert any("2 families in the corpus have no country and hold back 3" in n for n in notes)
    text, _ = missing_command(s, technology="quantum", families=True, as_="lens-query")
    assert text == f"lens_id:({lens_id(30)} OR {lens_id(31)})\n"
    text, _ = missing_command(s, technology="quantum", families=True, as_="table", top=1)
    assert text.splitlines() == [
        "family_id,members,citations",
        f"{lens_id(2)},{lens_id(30)} {lens_id(31)},2",
    ]
    before = counted(s)
    member = record(30, members=[2, 31], office="US", kind="B2", applicants=[("UNPLACED 2", "KR")])
    later = study(fetched(tmp_path, [member]))
    assert counted(later) == (before[0], before[1] + 2)


def number_of(document: dict) -> str:
    return f"{document['jurisdiction']}_{document['doc_number']}_{document['kind']}"


def test_half_of_the_demo_fetched_later_gives_exactly_what_the_promise_allows(
    tmp_path: Path,
) -> None:
    lines = gzip.decompress(DEMO.read_bytes()).decode().split("\n")
    whole = read(str(DEMO)).documents.drop_nulls("family")
    numbers = sorted(whole["family"].unique())
    hidden = set(random.Random(1).sample(numbers, len(numbers) // 2))
    kept, later = [], []
    family_of: dict[str, int] = {}  # any name of a hidden document -> its family in the whole file
    lead = {}  # hidden family -> one of its documents
    for family, line, ident in whole.select("family", "line", "lens_id").iter_rows():
        r = json.loads(lines[line - 1])
        (later if family in hidden else kept).append(r)
        if family in hidden:
            lead[family] = ident
            family_of |= {ident: family, number_of(r): family}
            for m in r.get("families", {}).get("simple_family", {}).get("members", ()):
                family_of |= {m["lens_id"]: family, number_of(m["document_id"]): family}
    s = study(corpus_of(tmp_path, kept))
    for name in ("documents", "families", "members", "outside"):
        s.corpus.table(name)  # as they are before more is fetched
    corpus = fetched(tmp_path, later)
    after = study(corpus)
    number = dict(corpus.documents.select("lens_id", "family").iter_rows())
    placed = {f: bool(after.shares.located[number[ident]]) for f, ident in lead.items()}
    outside = [
        i or number_of({"jurisdiction": o, "doc_number": d, "kind": k})
        for i, o, d, k in s.corpus.table("outside")
        .select("lens_id", "office", "doc_number", "kind")
        .iter_rows()
    ]
    n, held, merged = s.families, s.shares.located.tolist(), 0
    for technology in s.names:
        chosen = s.chosen(technology, (2015, 2025))
        pairs = [
            (f, outside[g - n] if g >= n else g)
            for f, g in zip(s.pairs.citing.tolist(), s.pairs.cited.tolist(), strict=True)
            if chosen[f]
        ]
        table = missing_documents(s, technology=technology)
        now = coverage(s, technology=technology)
        assert (now.citations, now.located) == counted(s, technology)
        # each promise, counted again pair by pair
        gains = Counter(g for f, g in pairs if isinstance(g, str) and held[f])
        names = [*as_ids(table), *without_lens_id(table)]
        assert set(names) == set(gains)
        assert dict(rows(table.drop_nulls("lens_id"))).items() <= gains.items()
        assert table["citations"].sum() == gains.total()
        # and what came in, once documents of one family are known to be one
        ends = {(f, ("hidden", family_of[g]) if g in family_of else g) for f, g in pairs}
        came = {(f, family_of[g]) for f, g in pairs if g in family_of and held[f]}
        located = now.located + sum(placed[g] for _, g in came)
        assert counted(after, technology) == (len(ends), located)
        # the promise for the documents that came in is the most that is reached
        promised = now.located + sum(
            gains[g] for g in names if g in family_of and placed[family_of[g]]
        )
        assert 0 <= promised - located <= now.citations - len(ends)
        assert located / len(ends) <= promised / now.citations
        merged += promised - located
    assert merged > 100  # the demo has such families, so the bound is no empty statement


def test_the_order_of_the_records_moves_nothing(tmp_path: Path) -> None:
    one = read(write(tmp_path / "a.jsonl", SEEDS))
    two = read(write(tmp_path / "b.jsonl", SEEDS[::-1]))
    for scope in ("citing", "cited"):
        got, want = (missing_documents(study(c), scope=scope) for c in (two, one))
        assert got.equals(want)


# --- forms --------------------------------------------------------------------------------------


def long_table(n: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "lens_id": [lens_id(k) if k % 5 else None for k in range(n)],
            "office": ["WO"] * n,
            "doc_number": [f"2008/{k:06d}" for k in range(n)],
            "kind": ["A1" if k % 2 else None for k in range(n)],
            "date": [None] * n,
            "citations": list(range(n, 0, -1)),
        },
        MISSING,
    )


@pytest.mark.parametrize("per_query", [1, 7, PER_QUERY])
def test_queries_name_each_document_once_and_stay_small(per_query: int) -> None:
    table = long_table(650)
    queries = as_lens_query(table, per_query=per_query)
    named: dict[str, list[str]] = {"lens_id": [], "ids": []}
    for text in queries:
        field, inner = re.fullmatch(r"(lens_id|ids):\((.*)\)", text).groups()
        found = inner.split(" OR ")
        assert 1 <= len(found) <= per_query
        named[field] += found
    assert named["lens_id"] == as_ids(table) == [lens_id(k) for k in range(650) if k % 5]
    assert named["ids"] == [f'"{name}"' for name in without_lens_id(table)]
    assert without_lens_id(table)[:2] == ["WO_2008000000", "WO_2008000005_A1"]
    assert len(without_lens_id(table)) == 130
    assert max(map(len, queries)) < 8000


def test_the_command_prints_ids_queries_or_a_table(tmp_path: Path) -> None:
    bare = {
        "sequence": 9,
        "patcit": {"document_id": {"jurisdiction": "US", "doc_number": "61/123", "kind": "A"}},
    }
    s = study(corpus_of(tmp_path, [*SEEDS, record(7, cites=[10, bare])]))
    text, notes = missing_command(s, technology="quantum")
    assert text.splitlines() == [lens_id(10), lens_id(11), lens_id(12)]
    assert notes[0] == "1 of 12 citations have a country at both ends (8.3%)"
    assert notes[1] == (
        "the 4 documents listed would make that at most 9 (75.0%); "
        "fetch them and ingest with --role context"
    )
    assert notes[2] == "1 of them has no Lens ID: US_61123_A"
    text, _ = missing_command(s, technology="quantum", as_="lens-query", per_query=2)
    assert text.splitlines() == [
        f"lens_id:({lens_id(10)} OR {lens_id(11)})",
        f"lens_id:({lens_id(12)})",
        'ids:("US_61123_A")',
    ]
    text, notes = missing_command(s, technology="quantum", as_="table", top=1)
    assert text.splitlines() == [
        "lens_id,office,doc_number,kind,date,citations,documents,located,coverage",
        f"{lens_id(10)},EP,10,A1,,4,1,5,{5 / 12}",
    ]
    assert notes[1].startswith("the document listed would make that at most 5 (41.7%)")


def test_a_corpus_without_anything_missing_says_how_well_it_is_covered(tmp_path: Path) -> None:
    s = study(corpus_of(tmp_path, [record(1, cites=[2]), record(2)]))
    text, notes = missing_command(s)
    assert (text, notes) == ("", ["1 of 1 citations have a country at both ends (100.0%)"])
    text, notes = missing_command(s, technology="process", as_="table")
    assert text.count("\n") == 1
    assert notes == ["0 of 0 citations have a country at both ends"]


@pytest.mark.parametrize(
    ("about", "problem"),
    [
        ({"technology": "x"}, "--technology x: unknown; known: optical_photonics"),
        ({"scope": "both"}, "--scope both: unknown; choose closed, citing, cited"),
        ({"as_": "csv"}, "--as csv: unknown; choose ids, lens-query or table"),
        ({"country": "EP"}, "--focal EP: this is an office"),
        ({"top": 0}, "--top 0: expected a number above 0"),
        ({"as_": "lens-query", "per_query": 0}, "--per-query 0: expected a number above 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, about, problem) -> None:
    s = study(corpus_of(tmp_path))
    with pytest.raises(OptionError, match=re.escape(problem)):
        missing_command(s, **about)


@pytest.mark.parametrize(
    ("number", "what"),
    [
        ("62/123,456", "provisional application, which is never published"),
        ("60123456", "provisional application, which is never published"),
        ("201362123456", "provisional application, which is never published"),
        ("PP12345", "design or plant patent and no family"),
        ("PP08,123", "design or plant patent and no family"),
        ("11500", "design or plant patent and no family"),
    ],
)
def test_a_us_document_of_kind_p_is_what_its_number_says(
    tmp_path: Path, number: str, what: str
) -> None:
    """Plant patents had kind P until 2001, provisional applications have it to this day."""
    document = {"jurisdiction": "US", "doc_number": number, "kind": "P"}
    file = write(tmp_path / "a.jsonl", [record(1, cites=[{"patcit": {"document_id": document}}])])
    quantum = str(Path(__file__).parents[1] / "quantum.toml")
    text, notes = missing_command(study(read(file), technologies=quantum), as_="ids")
    assert text == ""
    assert notes[-1] == f"1 document is a {what}: 1 citation can never be located"
