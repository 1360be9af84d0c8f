"""What a person meets at the command line: outputs, exit codes, one-line errors."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from netpos.cli import app
from tests.lens import FAST, QUANTUM, few, record, toy_records, write

Run = Callable[..., Result]


@pytest.fixture
def netpos() -> Run:
    def call(*arguments: object) -> Result:
        words = [str(a) for a in arguments]
        if words[0] in ("run", "analyse") and "--config" not in words:
            words += FAST if "--technologies" in words else [*FAST, *QUANTUM]
        return CliRunner().invoke(app, words)

    return call


def fails(result: Result, *words: str) -> str:
    """One line on stderr, exit code 2, no traceback; returns the line."""
    assert result.exit_code == 2, (result.exit_code, result.stdout, result.stderr)
    lines = [x for x in result.stderr.splitlines() if x.startswith("netpos: ")]
    assert len(lines) == 1
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in lines[0]
    return lines[0]


def test_missing_file_is_named(netpos: Run, tmp_path: Path) -> None:
    fails(netpos("run", tmp_path / "no.jsonl", "--out", tmp_path / "o"), "no.jsonl", "no such file")


def test_folder_without_exports_is_named(netpos: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    fails(netpos("run", tmp_path / "empty", "--out", tmp_path / "o"), "empty", "no export")


def test_empty_file_is_named(netpos: Run, tmp_path: Path) -> None:
    (tmp_path / "e.jsonl").touch()
    fails(netpos("run", tmp_path / "e.jsonl", "--out", tmp_path / "o"), "e.jsonl", "empty")


def test_truncated_gzip_is_named(netpos: Run, tmp_path: Path) -> None:
    whole = gzip.compress("".join(json.dumps(r) + "\n" for r in toy_records()).encode())
    (tmp_path / "t.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    out = tmp_path / "o"
    fails(netpos("run", tmp_path / "t.jsonl.gz", "--out", out), "t.jsonl.gz", "ends too early")
    assert not (out / "index.html").exists()


def test_truncated_zst_is_named(netpos: Run, tmp_path: Path) -> None:
    import zstandard

    text = "".join(json.dumps(r) + "\n" for r in toy_records()).encode()
    whole = zstandard.ZstdCompressor().compress(text)
    (tmp_path / "t.jsonl.zst").write_bytes(whole[: len(whole) // 2])
    fails(netpos("run", tmp_path / "t.jsonl.zst", "--out", tmp_path / "o"), "t.jsonl.zst", "early")


def test_json_of_something_else_is_named(netpos: Run, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"type": "FeatureCollection", "features": []}')
    line = fails(netpos("run", tmp_path / "x.json", "--out", tmp_path / "o"), "x.json")
    assert "JSON of something else" in line
    assert "Lens" in line


def test_no_technology_matched_gives_a_page_that_says_so(netpos: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "n.jsonl", [record(1, symbols=["A01B1/00"])])
    result = netpos("run", path, "--out", tmp_path / "o")
    assert result.exit_code == 0
    page = (tmp_path / "o" / "index.html").read_text(encoding="utf-8")
    assert "No family matches any technology" in page


def test_no_citation_with_both_ends_located_gives_a_page_that_says_so(
    netpos: Run, tmp_path: Path
) -> None:
    path = write(tmp_path / "n.jsonl", [record(1, cites=[77])])
    result = netpos("run", path, "--out", tmp_path / "o")
    assert result.exit_code == 0
    page = (tmp_path / "o" / "index.html").read_text(encoding="utf-8")
    assert "No citation has a country at both ends" in page


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--focal", "XQ"], ["XQ"]),
        (["--focal", "EP"], ["EP"]),
        (["--periods", "2015-2018,2017-2020"], ["overlap"]),
        (["--periods", "2020-2015"], ["ends before it begins"]),
        (["--from", "2020", "--to", "2015"], ["--from 2020"]),
        (["--counting", "half"], ["--counting half"]),
        (["--citing-office", "QQ"], ["QQ"]),
        (["--technologies", "absent.toml"], ["absent.toml"]),
        (["--residences", "absent.csv"], ["absent.csv"]),
        (["--data-date", "yesterday"], ["yesterday"]),
    ],
)
def test_a_wrong_option_is_named_with_its_value(
    netpos: Run, tmp_path: Path, arguments: list[str], words: list[str]
) -> None:
    path = write(tmp_path / "t.jsonl", [record(1)])
    fails(netpos("run", path, "--out", tmp_path / "o", *arguments), *words)


def test_an_unknown_key_in_run_toml_is_refused_by_name(netpos: Run, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('focall = "NL"\n')
    path = write(tmp_path / "t.jsonl", [record(1)])
    fails(netpos("run", path, "--out", tmp_path / "o", "--config", tmp_path / "run.toml"), "focall")


def test_run_toml_repeats_the_run_byte_for_byte(netpos: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", toy_records())
    first, second = tmp_path / "a", tmp_path / "b"
    netpos("run", path, "--out", first, "--focal", "de", "--counting", "full", "--to", "2020")
    netpos("run", path, "--out", second, "--config", first / "run.toml")
    assert outputs(first) == outputs(second)


def test_a_run_into_a_used_folder_counts_the_exports_given_and_no_others(
    netpos: Run, tmp_path: Path
) -> None:
    records = toy_records()
    first, second = write(tmp_path / "a.jsonl", records[:60]), write(tmp_path / "b.jsonl", records)
    (tmp_path / "sub").mkdir()
    renamed = write(tmp_path / "sub" / "c.jsonl", records)
    used, fresh = tmp_path / "used", tmp_path / "fresh"
    for export in (first, second, renamed):
        netpos("run", export, "--out", used, "--tables-only")
    netpos("run", renamed, "--out", fresh, "--tables-only")
    assert outputs(used) == outputs(fresh)
    inside = [sorted(p.name for p in (f / "corpus" / "records").iterdir()) for f in (used, fresh)]
    assert inside[0] == inside[1]


def outputs(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and "corpus" not in p.parts
    }


def test_file_order_and_split_do_not_move_a_byte_of_tables_and_maps(
    netpos: Run, tmp_path: Path
) -> None:
    records = toy_records()
    shuffled = random.Random(3).sample(records, len(records))
    one = write(tmp_path / "one.jsonl", records)
    two = [write(tmp_path / "z.jsonl", shuffled[:40]), write(tmp_path / "a.jsonl", shuffled[40:])]
    netpos("run", one, "--out", tmp_path / "x")
    netpos("run", *two, "--out", tmp_path / "y")
    netpos("run", *reversed(two), "--out", tmp_path / "z")
    x, y, z = (outputs(tmp_path / n) for n in "xyz")
    assert y == z
    same = [n for n in x if n.startswith(("tables/", "maps/"))]
    assert len(same) > 10
    assert [n for n in same if x[n] != y[n]] == []


def test_namibia_is_a_country_in_every_table_and_after_reading_back(
    netpos: Run, tmp_path: Path
) -> None:
    records = [
        record(1, applicants=[("WINDHOEK LTD", "NA")], cites=[2]),
        record(2, applicants=[("FIRM BV", "NL")], cites=[3]),
        record(3, applicants=[("WALVIS LTD", "NA")]),
    ]
    path = write(tmp_path / "na.jsonl", records)
    assert netpos("run", path, "--out", tmp_path / "o", "--focal", "NA").exit_code == 0
    tables = tmp_path / "o" / "tables"
    countries = pl.read_csv(tables / "countries.csv")
    here = (pl.col("technology") == "quantum") & (pl.col("period") == "all")
    row = countries.filter(here & (pl.col("country") == "NA")).row(0, named=True)
    assert (row["name"], row["families"], row["received"], row["given"]) == ("Namibia", 2, 1, 1)
    links = pl.read_csv(tables / "links.csv").filter(here)
    assert links.select("citing", "cited", "weight").rows() == [("NA", "NL", 1), ("NL", "NA", 1)]
    assert countries["country"].null_count() == 0
    assert pl.read_parquet(tables / "countries.parquet").equals(
        pl.read_csv(
            tables / "countries.csv", schema=pl.read_parquet_schema(tables / "countries.parquet")
        )
    )
    technologies = pl.read_csv(tables / "technologies.csv").filter(here)
    assert technologies["focal"].to_list() == ["NA"]
    assert "Namibia" in (tmp_path / "o" / "index.html").read_text(encoding="utf-8")


def test_every_record_is_kept_rejected_or_duplicate(netpos: Run, tmp_path: Path) -> None:
    good = json.dumps(record(1))
    text = f"\ufeff{good}\n\n{good}\nnot json\n{json.dumps(record(2))[:80]}\n[1]\n{{}}\n"
    (tmp_path / "d.jsonl").write_text(text, encoding="utf-8")
    result = netpos("ingest", tmp_path / "d.jsonl", "--corpus", tmp_path / "c")
    assert "6 records read = 1 kept + 4 rejected + 1 duplicates" in result.stdout
    ledger = pl.read_parquet(tmp_path / "c" / "ledger.parquet")
    assert ledger.select("line", "outcome").rows() == [
        (3, "duplicate"),
        (4, "rejected"),
        (5, "rejected"),
        (6, "rejected"),
        (7, "rejected"),
    ]


def test_ingesting_the_same_file_again_changes_nothing(netpos: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", toy_records()[:50])
    netpos("ingest", path, "--corpus", tmp_path / "c")
    before = outputs_of_corpus(tmp_path / "c")
    netpos("ingest", path, "--corpus", tmp_path / "c")
    assert outputs_of_corpus(tmp_path / "c") == before
    more = write(tmp_path / "b.jsonl", toy_records()[30:])
    result = netpos("ingest", more, "--corpus", tmp_path / "c")
    assert "155 records read = 135 kept + 0 rejected + 20 duplicates" in result.stdout


def outputs_of_corpus(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_check_prints_one_object_per_file(netpos: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", [record(1, cites=[2]), record(2)])
    result = netpos("check", path, "--json")
    (found,) = json.loads(result.stdout)
    assert (found["form"], found["records"], found["references"]) == ("lens-jsonl", 2, 1)
    assert found["residence_rate"] == 1.0


def test_a_csv_alone_gives_sizes_and_says_why_there_is_no_network(
    netpos: Run, real: Path, tmp_path: Path
) -> None:
    imaging = few(tmp_path, "imaging")  # 416 of its families
    path = real / "lens_csv" / "2016_drones_fulltext_families_5884_raw.csv.gz"
    result = netpos("run", path, "--out", tmp_path / "o", "--from", 2005, "--to", 2016, *imaging)
    assert result.exit_code == 0
    assert "list no cited documents" in result.stderr
    page = (tmp_path / "o" / "index.html").read_text(encoding="utf-8")
    assert "list no cited documents" in page
    links = pl.read_csv(tmp_path / "o" / "tables" / "links.csv")
    assert links.height == 0
    countries = pl.read_csv(tmp_path / "o" / "tables" / "countries.csv")
    assert countries["families"].sum() > 0
    # no citation is known, which is not the same as no citation
    for column in ("received", "received_rank", "pagerank", "value", "value_rank", "core"):
        assert countries[column].null_count() == countries.height, column
