"""Queries read back by a small reader of the query language that shares no code with netpos.

Three answers have to agree on each document: what the generated query finds, what the head of the
definition file says clause by clause, and what the corpus says by `family_technologies`.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
import re
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from netpos.analysis.technologies import Technology, family_technologies, load_technologies
from netpos.commands.query import (
    FIELDS,
    corpus_counts,
    lens_queries,
    query_command,
    read_counts,
    written,
)
from netpos.countries import data_path
from netpos.errors import InputError, OptionError
from netpos.ingest.corpus import read
from tests.conftest import ROOT
from tests.lens import record, write
from tests.lens_language import as_document, document, finds

NTS = load_technologies()
IDS = [t.id for t in NTS]
DEMO = data_path("demo_synthetic_lens.jsonl.gz")
# --- the definition, clause by clause -----------------------------------------------------------


def covers(pattern: str, symbol: str) -> bool:
    if ".." in pattern:
        first, last = pattern.split("..")
        split = [(s[:4], int(s[4:].split("/")[0]), s.split("/")[1]) for s in (first, symbol, last)]
        if split[1][0] != split[0][0]:
            return False
        low, own, high = (s[1:] for s in split)
        return low <= own and (own <= high or (own[0] == high[0] and own[1].startswith(high[1])))
    if pattern.endswith("*"):
        return symbol.startswith(pattern[:-1])
    if pattern.endswith("/") or "/" not in pattern:
        return symbol.startswith(pattern)
    return symbol == pattern


def belongs(t: Technology, ipc, cpc, *, narrow=False) -> bool:
    of_ipc, of_cpc = t.ipc, t.ipc + t.cpc
    if narrow and t.core:
        of_ipc = of_cpc = t.core
    return any(
        any(covers(p, s) for p in patterns) and not any(covers(p, s) for p in t.exclude)
        for symbols, patterns in ((ipc, of_ipc), (cpc, of_cpc))
        for s in symbols
    )


def near(patterns, draw: random.Random) -> str:
    """A well-formed symbol on, just beside or far from one of the patterns."""
    seed = draw.choice(draw.choice(patterns).split("..")).rstrip("*")
    head, _, digits = seed.partition("/")
    if len(head) == 3:
        head += draw.choice("ABYZ")
    if len(head) == 4:
        head += str(draw.randint(1, 120))
    way = draw.randrange(7)
    if way == 0:
        digits += str(draw.randint(0, 99))
    elif way == 1:
        digits = str(draw.randint(0, 9999))
    elif way == 2:
        head = head[:4] + (head[4:] + str(draw.randint(0, 9)))[:4]
    elif way == 3 and digits:
        digits = str(max(0, int(digits) + draw.choice((-1, 1)))).rjust(len(digits), "0")
    elif way == 4:
        head = head[:4] + str(max(1, int(head[4:]) + draw.choice((-1, 1))))
    elif way == 5:
        digits = digits[:-1]
    return f"{head}/{digits.ljust(2, '0')}"


def all_patterns(t: Technology) -> list[str]:
    return [*t.ipc, *t.cpc, *t.exclude, *t.core]


@pytest.mark.parametrize("as_", ["lens", "api"])
@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("t", NTS, ids=IDS)
def test_a_query_finds_the_symbols_of_its_technology_in_both_fields(
    t: Technology, narrow: bool, as_
) -> None:
    draw = random.Random(t.id)
    (query,) = lens_queries([t], as_=as_, narrow=narrow, terms=10_000)
    found = finds(query)
    hits = {"ipc": 0, "cpc": 0}
    for _ in range(1200):
        symbol = near(all_patterns(t), draw)
        for field in ("ipc", "cpc"):
            symbols = {"ipc": [], "cpc": []} | {field: [symbol]}
            want = belongs(t, **symbols, narrow=narrow)
            assert found(document(**symbols)) == want, (field, symbol)
            hits[field] += want
    assert all(30 < n < 1170 for n in hits.values()), hits


def test_an_excluded_symbol_beside_a_wanted_one_does_not_hide_the_document() -> None:
    optics = next(t for t in NTS if t.id == "optical_photonics")
    found = finds(lens_queries([optics])[0])
    assert not found(document(ipc=["G02F1/13"], cpc=["G02F1/1335"]))
    assert found(document(ipc=["G02F1/13"], cpc=["G02F1/1335", "G02B6/12"]))
    assert found(document(ipc=["G02F1/13", "H01S5/02"]))


ODD = [
    Technology("whole class less a subclass", "", "", ipc=("B82",), exclude=("B82Y",)),
    Technology("cpc alone", "", "", cpc=("Y02E60/1*", "G06N99/002")),
    Technology("one symbol out", "", "", ipc=("G06N10/",), exclude=("G06N10/00",)),
    Technology("a prefix out, its own symbol back", "", "", ipc=("H01L21/02",), cpc=("H01L21/",)),
    Technology("across groups", "", "", ipc=("G01B9/02..G01B11/06",), exclude=("G01B10/",)),
    Technology("many groups", "", "", ipc=("A61K8/05..A61K131/10",), exclude=("A61K31/7*",)),
    Technology("star inside the group", "", "", ipc=("G06N3*",), exclude=("G06N30/", "G06N300*")),
    Technology("four digits", "", "", cpc=("G02B2006/12*", "A61K2039/"), exclude=("A61K2039/5*",)),
    Technology("to the end", "", "", ipc=("G02B6/00..G02B6/99",), exclude=("G02B6/12..G02B6/138",)),
    Technology("all of a letter", "", "", ipc=("A61*",), exclude=("A61B", "A61K3*", "A61P35/")),
    Technology("leading zeros", "", "", ipc=("G06N03/",), exclude=("G06N003/08",)),
    Technology("zero group", "", "", ipc=("G06N3/", "G06N0*")),
    Technology("overlapping", "", "", ipc=("G06N3/0*", "G06N3/02..G06N3/10", "G06N3/02")),
]


def plain(pattern: str) -> str:
    """Main groups without leading zeros, which `covers` cannot see through."""
    return re.sub(r"^(.{4})0+(?=\d)", r"\1", pattern)


@pytest.mark.parametrize("t", ODD, ids=lambda t: t.id)
def test_odd_definitions_are_read_back_as_written(t: Technology) -> None:
    draw = random.Random(t.id)
    found = finds(lens_queries([t], terms=10_000)[0])
    same = Technology(
        t.id,
        "",
        "",
        ipc=tuple(plain(p) for p in t.ipc if p != "G06N0*"),
        cpc=t.cpc,
        exclude=tuple(map(plain, t.exclude)),
    )
    pool = [*same.ipc, *same.cpc, *same.exclude]
    seen = set()
    for _ in range(3000):
        symbol = near(pool, draw)
        want = belongs(same, [], [symbol])
        seen.add(want)
        assert found(document(cpc=[symbol])) == want, symbol
        assert found(document(ipc=[symbol])) == belongs(same, [symbol], []), symbol
    assert seen == {True, False}


# --- the demo corpus ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo():
    return read(str(DEMO))


@pytest.fixture(scope="module")
def demo_records(demo) -> list[dict]:
    """The records kept, as they stand in the file; it has broken lines and copies on purpose."""
    lines = gzip.decompress(DEMO.read_bytes()).decode().split("\n")
    return [json.loads(lines[n - 1]) for n in sorted(demo.documents["line"].to_list())]


@pytest.mark.parametrize("as_", ["lens", "api"])
@pytest.mark.parametrize("narrow", [False, True])
def test_queries_find_the_families_of_the_demo_corpus(demo, demo_records, narrow, as_) -> None:
    families = demo.documents.sort("line")["family"].to_list()
    documents = [(f, as_document(r)) for f, r in zip(families, demo_records, strict=True)]
    classes = demo.table("classifications").cast({"scheme": pl.String})
    defined = family_technologies(classes, NTS, narrow=narrow)
    for t in NTS:
        (query,) = lens_queries([t], as_=as_, narrow=narrow)
        found = finds(query)
        got = {f for f, d in documents if f is not None and found(d)}
        want = set(defined.filter(pl.col("technology") == t.id)["family"].to_list())
        assert got == want
        assert len(want) > 20


def test_yearly_slices_together_find_each_document_once(demo_records) -> None:
    (t,) = (t for t in NTS if t.id == "quantum")
    whole = finds(lens_queries([t])[0])
    documents = [as_document(r) for r in demo_records]
    documents = [d for n, d in enumerate(documents) if whole(d) or n % 20 == 0]
    for about in ({}, {"slices_per_year": 4}, {"limit": 40, "counts": {"all": {2015: 900}}}):
        queries = [finds(q) for q in lens_queries([t], first=2012, last=2020, **about)]
        assert len(queries) >= 9
        hits = 0
        for d in documents:
            inside = any("2012" <= y <= "2020" for y in d["year_published"])
            hits += whole(d) and inside
            assert sum(q(d) for q in queries) == (whole(d) and inside)
        assert hits > 50


# --- slices and forms ---------------------------------------------------------------------------

ONE = Technology("one", "One", "Een", ipc=("G06N10/00",))


def spans(**about) -> list[tuple[str, str, int | None]]:
    return [(str(q.first), str(q.last), q.expected) for q in lens_queries([ONE], **about)]


def test_counts_put_years_together_and_cut_them_below_the_limit() -> None:
    counts = {"one": {2015: 100, 2016: 200, 2017: 900, 2018: 2900, 2019: 5, 2021: 3}}
    assert spans(first=2015, last=2021, limit=1000, counts=counts) == [
        ("2015-01-01", "2016-12-31", 300),  # 300 and 900 would pass 800, four fifths of 1000
        ("2017-01-01", "2017-06-30", 450),
        ("2017-07-01", "2017-12-31", 450),
        ("2018-01-01", "2018-03-31", 725),
        ("2018-04-01", "2018-06-30", 725),
        ("2018-07-01", "2018-09-30", 725),
        ("2018-10-01", "2018-12-31", 725),
        ("2019-01-01", "2019-12-31", 5),
        ("2020-01-01", "2020-12-31", None),  # nothing known of 2020: on its own
        ("2021-01-01", "2021-12-31", 3),
    ]


@pytest.mark.parametrize(("later", "slices"), [(500, 1), (501, 2)])
def test_years_fill_a_slice_up_to_four_fifths_of_the_limit_and_no_further(
    later: int, slices: int
) -> None:
    found = spans(first=2015, last=2016, limit=1000, counts={"one": {2015: 300, 2016: later}})
    assert len(found) == slices


@pytest.mark.parametrize(("hits", "slices"), [(800, 1), (801, 2)])
def test_a_year_is_cut_above_four_fifths_of_the_limit(hits: int, slices: int) -> None:
    assert len(spans(first=2015, last=2015, limit=1000, counts={"one": {2015: hits}})) == slices


@given(
    st.dictionaries(st.integers(2010, 2016), st.integers(0, 40_000), max_size=7),
    st.integers(200, 50_000),
    st.sampled_from([1, 2, 3, 4, 6, 12]),
)
def test_slices_follow_each_other_and_stay_below_the_limit(counts, limit, per_year) -> None:
    queries = lens_queries(
        [ONE], first=2010, last=2016, limit=limit, counts={"all": counts}, slices_per_year=per_year
    )
    assert queries[0].first == dt.date(2010, 1, 1)
    assert queries[-1].last == dt.date(2016, 12, 31)
    for before, after in pairwise(queries):
        assert after.first == before.last + dt.timedelta(days=1)
    expected = [q.expected for q in queries if q.expected is not None]
    assert all(e <= 0.8 * limit for e in expected)
    assert sum(counts.values()) <= sum(expected) <= sum(counts.values()) + len(expected)


def test_without_counts_each_year_is_a_slice_and_quarters_on_request() -> None:
    assert spans(first=2019, last=2020) == [
        ("2019-01-01", "2019-12-31", None),
        ("2020-01-01", "2020-12-31", None),
    ]
    assert [s[:2] for s in spans(first=2020, last=2020, slices_per_year=4)] == [
        ("2020-01-01", "2020-03-31"),
        ("2020-04-01", "2020-06-30"),
        ("2020-07-01", "2020-09-30"),
        ("2020-10-01", "2020-12-31"),
    ]


def test_the_web_form_escapes_the_slash_and_names_its_dates() -> None:
    quarter = lens_queries([ONE], first=2020, last=2020, slices_per_year=4)[0]
    symbols = "class_ipcr.symbol:(G06N10\\/00) OR class_cpc.symbol:(G06N10\\/00)"
    assert quarter.text == f"({symbols}) AND date_published:[2020-01-01 TO 2020-03-31]"
    year = lens_queries([ONE], first=2020, last=2020)[0]
    assert year.text == f"({symbols}) AND year_published:[2020 TO 2020]"
    assert lens_queries([ONE])[0].text == symbols


@pytest.mark.parametrize("as_", ["lens", "api"])
def test_a_query_for_one_country_asks_for_its_parties_and_priorities(as_) -> None:
    (query,) = lens_queries([ONE], first=2018, last=2018, as_=as_, country="nl")
    found = finds(query)
    fields = ("applicant.residence", "inventor.residence", "priority_claim.jurisdiction")
    for field in fields:
        of = dict.fromkeys(fields, ()) | {field: ["DE", "NL"]}
        assert found(document(ipc=["G06N10/00"]) | of)
        assert not found(document(ipc=["G06N10/00"]) | of | {field: ["DE"]})
        assert not found(document(ipc=["G06N3/08"]) | of)
        assert not found(document(ipc=["G06N10/00"], published="2019-01-01") | of)
    with pytest.raises(OptionError, match="XQ"):
        lens_queries([ONE], country="XQ")


def test_the_api_form_asks_for_the_listed_fields_and_whole_families() -> None:
    body = lens_queries([ONE], first=2020, last=2020, as_="api")[0].body
    assert body == {
        "query": {
            "bool": {
                "must": [
                    {
                        "query_string": {
                            "query": "class_ipcr.symbol:(G06N10\\/00) OR "
                            "class_cpc.symbol:(G06N10\\/00)"
                        }
                    }
                ],
                "filter": [
                    {"range": {"date_published": {"gte": "2020-01-01", "lte": "2020-12-31"}}}
                ],
            }
        },
        "include": list(FIELDS),
        "expand_by": "SIMPLE_FAMILY",
        "stemming": False,
        "size": 100,
        "scroll": "1m",
    }
    asked = {f.rsplit(".", 1)[-1] for f in FIELDS}
    assert asked == {
        "lens_id",
        "jurisdiction",
        "doc_number",
        "kind",
        "date_published",
        "publication_type",
        "invention_title",
        "application_reference",
        "priority_claims",
        "applicants",
        "inventors",
        "classifications_ipcr",
        "classifications_cpc",
        "references_cited",
        "cited_by",
        "simple_family",
        "legal_status",
    }


def test_the_page_on_getting_data_lists_each_field() -> None:
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    assert [f for f in FIELDS if f"`{f}`" not in text] == []


def test_a_record_cut_to_the_listed_fields_loses_nothing_netpos_reads(
    demo_records, tmp_path: Path
) -> None:
    records = [r for r in demo_records if "lens_id" in r]
    cut = []
    for r in records:
        kept: dict = {}
        for field in FIELDS:
            value, place, steps = r, kept, field.split(".")
            for step in steps:
                value = value.get(step, {}) if isinstance(value, dict) else {}
            for step in steps[:-1]:
                place = place.setdefault(step, {})
            if value != {}:
                place[steps[-1]] = value
        cut.append(kept)
    one, two = tmp_path / "whole", tmp_path / "cut"
    one.mkdir()
    two.mkdir()
    whole = read(write(one / "a.jsonl", records))
    again = read(write(two / "a.jsonl", cut))
    assert (two / "a.jsonl").stat().st_size < (one / "a.jsonl").stat().st_size
    for name in ("documents", "families", "applicants", "classifications", "citations", "outside"):
        # the extended family is not among the fields: it serves one line of the sensitivity table
        got, want = (c.table(name).drop("extended", strict=False) for c in (again, whole))
        assert_frame_equal(got, want)


def test_a_technology_with_many_terms_is_fetched_in_parts() -> None:
    (t,) = (t for t in NTS if t.id == "imaging")
    parts = lens_queries([t], terms=60)
    assert [(q.part, q.parts) for q in parts] == [(k + 1, len(parts)) for k in range(len(parts))]
    assert len(parts) > 3
    draw = random.Random(2)
    tests, whole = [finds(q) for q in parts], finds(lens_queries([t])[0])
    for _ in range(500):
        d = document(ipc=[near(all_patterns(t), draw)], cpc=[near(all_patterns(t), draw)])
        assert any(f(d) for f in tests) == whole(d)


def test_all_technologies_come_in_the_order_of_the_definitions() -> None:
    assert [q.technology for q in lens_queries(NTS)] == IDS
    assert [q.technology for q in lens_queries(NTS, technology="quantum")] == ["quantum"]


def test_what_is_printed_can_be_read_back(tmp_path: Path) -> None:
    text = query_command(technology="quantum", first=2019, last=2020)
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines == [q.text for q in lens_queries(NTS, technology="quantum", first=2019, last=2020)]
    assert text.startswith("# quantum, published 2019-01-01 to 2019-12-31\n")
    printed = json.loads(query_command(technology="quantum", first=2019, last=2020, as_="api"))
    assert [(p["from"], p["to"]) for p in printed] == [
        ("2019-01-01", "2019-12-31"),
        ("2020-01-01", "2020-12-31"),
    ]
    wanted = lens_queries(NTS, technology="quantum", first=2019, last=2020, as_="api")
    assert [p["request"] for p in printed] == [q.body for q in wanted]
    assert json.loads(written(lens_queries([ONE], as_="api")))[0]["from"] is None


def test_the_parts_of_a_slice_share_its_documents(tmp_path: Path) -> None:
    """What is foretold of all requests together is what the slice holds, not so many times that."""
    file = tmp_path / "counts.csv"
    file.write_text("year,documents\n2020,600\n", encoding="utf-8")
    printed = json.loads(
        query_command(technology="quantum", first=2020, last=2020, counts=file, terms=5, as_="api")
    )
    assert len(printed) == printed[0]["parts"] > 1
    assert 600 <= sum(p["expected"] for p in printed) < 600 + len(printed)
    text = query_command(technology="quantum", first=2020, last=2020, counts=file, terms=5)
    assert f"part 1 of {len(printed)}, about 600 documents expected in all parts\n" in text


def test_counts_come_from_a_file_or_from_a_corpus(tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_text("year,documents\n2020,70000\n2021,10\n", encoding="utf-8")
    assert read_counts(file) == {"all": {2020: 70000, 2021: 10}}
    file.write_text("technology,year,documents\nquantum,2020,70000\nprocess,2020,5\n")
    assert read_counts(file) == {"quantum": {2020: 70000}, "process": {2020: 5}}
    text = query_command(technology="quantum", first=2020, last=2020, counts=file)
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# quantum, published 2020-01-01 to 2020-06-30, about 35,000 documents expected",
        "# quantum, published 2020-07-01 to 2020-12-31, about 35,000 documents expected",
    ]
    corpus = read(
        write(
            tmp_path / "a.jsonl",
            [
                record(1, published="2018-01-01"),
                record(2, published="2018-05-01"),
                record(3, published="2019-05-01", family=9),
                # no symbol of its own, but of the family that has one
                record(4, published="2020-05-01", family=9, symbols=[]),
                record(5, published="2020-05-01", symbols=["A01B1/00"]),
                record(6, published=None),
            ],
        )
    )
    assert corpus_counts(corpus, [ONE]) == {"one": {2018: 2, 2019: 1, 2020: 1}}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("year,number\n2020,1\n", "column 'documents' is missing"),
        ("year,documents\n2020,many\n", "counts.csv:2: '2020,many' are not two whole numbers"),
        ("year,documents\n2020,1\n2020,2\n", "counts.csv:3: all 2020: below zero, or there twice"),
    ],
)
def test_a_file_of_counts_that_cannot_be_used_is_refused(tmp_path: Path, text, problem) -> None:
    file = tmp_path / "counts.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(problem)):
        read_counts(file)
    with pytest.raises(InputError, match="no such file"):
        read_counts(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("about", "problem"),
    [
        ({"first": 2015}, "--from 2015 --to (none): one end is missing"),
        ({"first": 2020, "last": 2015}, "--from 2020 --to 2015: not a span of years"),
        ({"technology": "x"}, "--technology x: unknown; known: one"),
        ({"as_": "csv"}, "--as csv: unknown"),
        ({"limit": 0}, "--limit 0: expected a number above 0"),
        ({"slices_per_year": 5}, "--slices 5: unknown; choose one of 1, 2, 3, 4, 6, 12"),
        (
            {"first": 2015, "last": 2015, "limit": 1, "counts": {"all": {2015: 400}}},
            "--limit 1: 2015 has too many documents even for one slice a day",
        ),
    ],
)
def test_options_that_make_no_sense_are_refused(about, problem) -> None:
    with pytest.raises(OptionError, match=re.escape(problem)):
        lens_queries([ONE], **about)
    nothing = Technology("gone", "", "", ipc=("G06N3/",), exclude=("G06N",))
    with pytest.raises(OptionError, match="technology gone: its excludes take away every symbol"):
        lens_queries([nothing])
