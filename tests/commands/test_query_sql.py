"""SQL for the table of publications, run on files of its schema made here.

What it finds is compared with what the Lens query of the same definition finds, read by the reader
of the tests; the form of BigQuery is parsed, translated and run on the same rows.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from netpos.analysis.technologies import Technology, load_technologies
from netpos.cli import app
from netpos.commands.query import lens_queries
from netpos.commands.query_sql import (
    LISTED,
    outside_query,
    source_of,
    spellings,
    topic_queries,
    write_outside,
)
from netpos.errors import OptionError
from netpos.ingest.corpus import ingest, open_corpus
from netpos.ingest.document_numbers import normal_number
from tests.commands.test_query import ODD, all_patterns, near
from tests.lens import QUANTUM, lens_id, record, write
from tests.lens_language import document, finds

sqlglot = pytest.importorskip("sqlglot", reason="sqlglot is not installed: run 'make setup'")

NTS = load_technologies()
PARTY = pl.List(pl.Struct({"name": pl.String, "country_code": pl.String}))
CODES = pl.List(pl.Struct({"code": pl.String, "inventive": pl.Boolean, "tree": pl.List(pl.String)}))
SCHEMA = {
    "publication_number": pl.String,
    "application_number": pl.String,
    "country_code": pl.String,
    "kind_code": pl.String,
    "family_id": pl.String,
    "publication_date": pl.Int64,
    "filing_date": pl.Int64,
    "grant_date": pl.Int64,
    "priority_date": pl.Int64,
    "abstract": pl.String,
    "assignee_harmonized": PARTY,
    "inventor_harmonized": PARTY,
    "title_localized": pl.List(
        pl.Struct({"text": pl.String, "language": pl.String, "truncated": pl.Boolean})
    ),
    "cpc": CODES,
    "ipc": CODES,
    "citation": pl.List(
        pl.Struct(
            dict.fromkeys(
                ("publication_number", "application_number", "npl_text", "type", "category"),
                pl.String,
            )
        )
    ),
}


def row(number: str, cpc=(), ipc=(), published: int = 20180601, owners=(), inventors=(), cites=()):
    def codes(symbols):
        return [{"code": s, "inventive": True, "tree": ["a"]} for s in symbols]

    def parties(countries):
        return [{"name": f"FIRM {c}", "country_code": c} for c in countries]

    office, _, kind = number.split("-")
    return {
        "publication_number": number, "application_number": "", "country_code": office,
        "kind_code": kind, "family_id": "7", "publication_date": published, "filing_date": 20160101,
        "grant_date": 0, "priority_date": 20150101, "abstract": "text",
        "title_localized": [{"text": "Pump", "language": "en", "truncated": False}],
        "cpc": codes(cpc), "ipc": codes(ipc),
        "assignee_harmonized": parties(owners), "inventor_harmonized": parties(inventors),
        "citation": [{"publication_number": c, "application_number": "", "npl_text": "x",
                      "type": "X", "category": "SEA"} for c in cites],
    }  # fmt: skip


def files(folder: Path, rows: list[dict]) -> str:
    """Two Parquet files of the schema of the table; the path that names both."""
    folder.mkdir(exist_ok=True)
    half = len(rows) // 2
    for name, part in (("a", rows[:half]), ("b", rows[half:])):
        pl.DataFrame(part, SCHEMA).write_parquet(folder / f"{name}.parquet")
    return f"{folder}/*.parquet"


def run_duckdb(sql: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> pl.DataFrame:
    """Run SQL as DuckDB's own program would; read what it wrote."""
    monkeypatch.chdir(folder)
    with duckdb.connect() as connection:
        connection.execute(sql)
    (target,) = re.findall(r"TO '([^']+)'", sql)
    return pl.read_parquet(folder / target)


def run_bigquery(sql: str, table: str, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Translate SQL of BigQuery and run it on the same rows."""
    (statement,) = (s for s in sqlglot.parse(sql, dialect="bigquery") if s is not None)
    made = (
        statement.sql(dialect="duckdb")
        .replace('"patents-public-data".patents.publications', f"read_parquet('{table}')")
        .replace('"patents-public-data"."patents"."publications"', f"read_parquet('{table}')")
    )
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA netpos")
        for name, frame in tables.items():
            connection.register("frame", frame.to_arrow())
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
        return pl.DataFrame(connection.sql(made).to_arrow_table())


def rows_for(t: Technology, number: int) -> list[tuple[dict, dict]]:
    """Rows with symbols on and beside the patterns, each with the document that Lens would have."""
    draw = random.Random(t.id)
    found = []
    for n in range(number):
        of = {"cpc": [], "ipc": []}
        for _ in range(draw.randrange(4)):
            of[draw.choice(("cpc", "ipc"))].append(near(all_patterns(t), draw))
        year, day = draw.randrange(2013, 2022), draw.choice(["0101", "0615", "1231"])
        published = draw.choice([0, *[int(f"{year}{day}")] * 9])
        text = f"{published}"
        date = f"{text[:4]}-{text[4:6]}-{text[6:]}" if published else None
        found.append((row(f"US-{9000000 + n}-B2", published=published, **of),
                      document(**of, published=date)))  # fmt: skip
    return found


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("t", [*NTS[:4], *ODD[:6]], ids=lambda t: t.id)
def test_the_same_documents_are_found_as_by_the_lens_query(
    t: Technology, narrow: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = rows_for(t, 300)
    table = files(tmp_path / "in", [r for r, _ in pairs])
    (query,) = lens_queries([t], first=2015, last=2019, narrow=narrow, terms=10_000,
                            counts={"all": dict.fromkeys(range(2015, 2020), 1)})  # fmt: skip
    matches = finds(query)
    want = {r["publication_number"] for r, d in pairs if matches(d)}
    assert 8 < len(want) < 280
    span = {"first": 2015, "last": 2019, "narrow": narrow}
    sql = topic_queries([t], "duckdb", source_of("duckdb", table, None), **span)
    found = run_duckdb(sql, tmp_path, monkeypatch)
    assert set(found["publication_number"]) == want
    assert found.height == len(want)
    sql = topic_queries([t], "bigquery", source_of("bigquery", None, None), **span)
    assert set(run_bigquery(sql, table, {})["publication_number"]) == want


def test_without_years_undated_documents_are_found_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row("US-1-A", cpc=["G06N10/00"], published=0), row("US-2-A", cpc=["H01L21/00"])]
    sql = topic_queries([t for t in NTS if t.id == "quantum"], "duckdb",
                        source_of("duckdb", files(tmp_path / "in", rows), None))  # fmt: skip
    found = run_duckdb(sql, tmp_path, monkeypatch)
    assert found["publication_number"].to_list() == ["US-1-A"]


def test_what_comes_is_read_as_publications_and_holds_no_more_than_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        row("US-9000001-B2", cpc=["G06N10/00"], owners=["NL"], cites=["EP-1000001-A1"]),
        row("EP-1000001-A1", cpc=["G06N10/20"], inventors=["DE"]),
        row("EP-1000002-A1", cpc=["A61K31/00"]),
    ]
    table = files(tmp_path / "in", rows)
    quantum = [t for t in NTS if t.id == "quantum"]
    sql = topic_queries(quantum, "duckdb", source_of("duckdb", table, None))
    found = run_duckdb(sql, tmp_path, monkeypatch)
    assert set(found.columns) == set(SCHEMA) - {"abstract", "application_number"}
    text = str(found.schema)
    assert [n for n in ("npl_text", "tree", "inventive", "application_number") if n in text] == []
    corpus = ingest([tmp_path / "quantum.parquet"], tmp_path / "corpus")
    assert corpus.counts["kept"] == 2
    assert corpus.counts["citations"] == 1 or corpus.counts["mentions"] == 1


def test_a_country_is_that_of_an_owner_or_inventor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row("US-1-A", ["G06N10/00"], owners=["NL", "US"]), row("US-2-A", ["G06N10/00"]),
            row("US-3-A", ["G06N10/00"], inventors=["NL"]),
            row("US-4-A", ["G06N10/00"], owners=["US"]),
            row("US-5-A", ["H01L21/00"], owners=["NL"])]  # fmt: skip
    table = files(tmp_path / "in", rows)
    quantum = [t for t in NTS if t.id == "quantum"]
    sql = topic_queries(quantum, "duckdb", source_of("duckdb", table, None), country="nl")
    assert set(run_duckdb(sql, tmp_path, monkeypatch)["publication_number"]) == {"US-1-A", "US-3-A"}
    sql = topic_queries(quantum, "bigquery", source_of("bigquery", None, None), country="NL")
    assert set(run_bigquery(sql, table, {})["publication_number"]) == {"US-1-A", "US-3-A"}


# --- documents of a list --------------------------------------------------------------------


def patcit(office: str, number: str, kind: str | None) -> dict:
    about = {"jurisdiction": office, "doc_number": number} | ({"kind": kind} if kind else {})
    return {"patcit": {"document_id": about}}


def test_what_a_corpus_cites_is_asked_for_by_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = record(1, cites=[
        patcit("US", "20140313399", "A1"), patcit("WO", "1999/012345", "A1"),
        patcit("JP", "H01-98729", "A"), patcit("EP", "0227762", None),
        {"patcit": {"lens_id": lens_id(9)}},
    ])  # fmt: skip
    ingest([write(tmp_path / "s.jsonl", [seed])], tmp_path / "corpus")
    there = ["US-2014313399-A1", "WO-9912345-A1", "JP-H0198729-A", "EP-0227762-B1"]
    others = ["US-2014313398-A1", "EP-227763-A1", "DE-0227762-A1", "US-20140313399"]
    table = files(
        tmp_path / "in", [row(n if n.count("-") == 2 else f"{n}-X1") for n in there + others]
    )
    want = {*there, "US-20140313399-X1"}  # another spelling of the same number
    source = source_of("duckdb", table, None)
    path, notes = write_outside(open_corpus(tmp_path / "corpus"), "duckdb", source, tmp_path / "o")
    found = run_duckdb(path.read_text(), tmp_path, monkeypatch)
    assert set(found["publication_number"]) == want
    assert "1 documents outside have no number" in notes[1]
    listed = pl.read_csv(tmp_path / "o" / "outside.csv")
    sql = outside_query("bigquery", source_of("bigquery", None, None))
    again = run_bigquery(sql, table, {LISTED: listed})
    assert set(again["publication_number"]) == want
    assert f"bq load --source_format=CSV --skip_leading_rows=1 {LISTED}" in sql


@pytest.mark.parametrize(
    ("office", "number", "spelled"),
    [
        ("US", "20140313399", "US-2014313399"),
        ("US", "2014313399", "US-20140313399"),
        ("US", "20141313399", "US-20141313399"),
        ("US", "D0781234", "US-D781234"),
        ("WO", "2008/155316", "WO-2008155316"),
        ("WO", "02/12345", "WO-0212345"),
        ("JP", "S60-123456", "JP-S60123456"),
        ("JP", "2005-123456", "JP-2005123456"),
        ("EP", "0227762", "EP-0227762"),
    ],
)
def test_spellings_of_a_number_mean_the_same(office: str, number: str, spelled: str) -> None:
    found = spellings(office, number)
    assert spelled in found
    assert {normal_number(office, s.split("-")[1]) for s in found} == {
        normal_number(office, number)
    }
    assert len(found) == len(set(found))


# --- what is written besides ---------------------------------------------------------------


def test_what_is_billed_is_told_and_limited_and_nothing_dear_is_named() -> None:
    sql = topic_queries(NTS, "bigquery", source_of("bigquery", None, None), first=2015, last=2020)
    assert "--dry_run" in sql
    assert "--maximum_bytes_billed=1099511627776" in sql
    statements = [s for s in sqlglot.parse(sql, dialect="bigquery") if s is not None]
    assert len(statements) == len(NTS)
    for statement in statements:
        assert {t.sql() for t in statement.find_all(sqlglot.exp.Table)} >= {
            '"patents-public-data".patents.publications'
        } or "publications" in statement.sql()
        assert not list(statement.find_all(sqlglot.exp.Star))
    assert [n for n in ("npl_text", "tree", "_localized", "title") if f".{n}" in sql] == []


def test_settings_for_the_network_come_with_an_address_only() -> None:
    far = topic_queries(NTS[:1], "duckdb", source_of("duckdb", "hf://datasets/a/b/*.parquet", "r1"))
    assert "'hf://datasets/a/b@r1/*.parquet'" in far
    for setting in ("threads = 64", "http_retries = 8", "http_timeout = 120000"):
        assert f"SET {setting};" in far
    assert "http" not in topic_queries(NTS[:1], "duckdb", source_of("duckdb", "a/*.parquet", None))


@pytest.mark.parametrize(
    ("dialect", "source", "revision", "words"),
    [
        ("duckdb", None, None, "are not named"),
        ("duckdb", "hf://datasets/a/b/*.parquet", None, "pass --revision"),
        ("duckdb", "https://x/{revision}/a.parquet", None, "pass --revision"),
        ("duckdb", "a/*.parquet", "r1", "no place for it"),
        ("duckdb", "hf://datasets/a/b", "r 1", "letters, digits"),
        ("duckdb", "a\nb", None, "signs that no path has"),
        ("bigquery", "a`; DROP TABLE b; --.c", None, "no name of a table"),
        ("bigquery", "publications", None, "no name of a table"),
        ("bigquery", None, "r1", "goes with --as duckdb"),
    ],
)
def test_a_source_is_the_users_and_named_whole(dialect, source, revision, words: str) -> None:
    with pytest.raises(OptionError) as error:
        source_of(dialect, source, revision)
    assert words in str(error.value)


def test_a_path_with_a_quote_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = files(tmp_path / "it's", [row("US-1-A", ["G06N10/00"]), row("US-2-A", ["B82Y10/00"])])
    quantum = [t for t in NTS if t.id == "quantum"]
    sql = topic_queries(quantum, "duckdb", source_of("duckdb", table, None))
    assert run_duckdb(sql, tmp_path, monkeypatch).height >= 1


def test_as_typed(tmp_path: Path) -> None:
    def call(*more: str):
        return CliRunner().invoke(app, ["query", *QUANTUM, *more])

    done = call("--as", "bigquery", "--from", "2015", "--to", "2016")
    assert done.exit_code == 0
    assert "BETWEEN 20150101 AND 20161231" in done.stdout
    ingest([write(tmp_path / "s.jsonl", [record(1, cites=[5])])], tmp_path / "c")
    done = call("--as", "duckdb", "--source", "p/*.parquet", "--outside", str(tmp_path / "c"),
                "--out", str(tmp_path / "o"))  # fmt: skip
    assert done.stdout == f"{tmp_path / 'o' / 'outside.sql'}\n"
    assert (tmp_path / "o" / "outside.csv").read_text() == "number\nEP-5\n"
    for wrong, words in (
        (["--source", "a.b.c"], "go with --as bigquery or duckdb"),
        (["--as", "duckdb"], "are not named"),
        (["--as", "bigquery", "--outside", str(tmp_path / "c")], "--outside and --out go together"),
        (["--as", "sql"], "choose lens, api, bigquery or duckdb"),
        (["--as", "bigquery", "--from", "2015"], "one end is missing"),
        (["--as", "bigquery", "--technology", "none"], "--technology none: unknown"),
    ):
        done = call(*wrong)
        assert done.exit_code == 2, wrong
        assert words in done.stderr
