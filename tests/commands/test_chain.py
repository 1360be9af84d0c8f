"""`netpos chain`: from the results of three commands to a page, and what does not fit together."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from netpos.cli import app
from netpos.viz.meanings import definition
from netpos.viz.report.findings import told
from tests.findings import check_page
from tests.lens import FAST, QUANTUM, record, write


def netpos(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def fails(result: Result, *words: str) -> None:
    assert result.exit_code == 2, (result.stdout, result.stderr)
    lines = [x for x in result.stderr.splitlines() if x.startswith("netpos: ")]
    assert len(lines) == 1
    for word in words:
        assert word in lines[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the three commands: NL has 30 of 60 works, some families, 1 of 40 companies."""
    home = tmp_path_factory.mktemp("chain")
    works = [
        {"id": f"https://openalex.org/W{k}", "publication_year": 2018, "type": "article",
         "cited_by_count": k, "authorships": [{"countries": ["NL" if k % 2 else "DE"]}]}
        for k in range(60)
    ]  # fmt: skip
    (home / "w.jsonl").write_text("\n".join(map(json.dumps, works)))
    science = netpos(
        "science", f"--technology=quantum={home / 'w.jsonl'}", "--out", home / "science"
    )
    assert science.exit_code == 0, science.stderr
    rows = [
        f"c{k},{'NL' if k == 0 else 'DE'},quantum,2015,active,{1 if k % 2 else 20}"
        for k in range(40)
    ]
    head = "company_id,country,technology,founded,status,funding_usd_m"
    (home / "c.csv").write_text("\n".join([head, *rows]))
    companies = netpos("companies", home / "c.csv", "--out", home / "companies", "--draws", 20)
    assert companies.exit_code == 0, companies.stderr
    families = [
        record(k, applicants=[(f"FIRM {k} LTD", "NL" if k % 3 == 0 else "DE")])
        for k in range(1, 31)
    ]
    path = write(home / "p.jsonl", families)
    patents = netpos("run", path, "--out", home / "patents", *QUANTUM, *FAST, "--tables-only")
    assert patents.exit_code == 0, patents.stderr
    return home


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_chain_holds_the_shares_of_its_sources(made: Path, tmp_path: Path, lang: str) -> None:
    out = tmp_path / "o"
    more = [x for name in ("science", "patents", "companies") for x in (f"--{name}", made / name)]
    result = netpos("chain", *more, "--out", out, "--lang", lang)
    assert result.exit_code == 0, result.stderr
    table = pl.read_parquet(out / "tables" / "chain.parquet")
    quantum = {r["stage"]: r for r in table.filter(pl.col("technology") == "quantum").to_dicts()}
    first = quantum["publications"]
    assert (first["numerator"], first["denominator"], first["share"]) == (30, 60, 0.5)
    assert first["interval"] == "wilson"
    families = quantum["families"]
    assert families["share"] == pytest.approx(families["numerator"] / families["denominator"])
    assert families["step_ratio"] == pytest.approx(families["share"] / 0.5)
    assert (quantum["scaleups"]["numerator"], quantum["scaleups"]["denominator"]) == (1, 20)
    assert quantum["startups"]["share"] == 0
    assert quantum["scaleup_funding"]["interval"] == "resampled"
    assert check_page(out, lang) > 20
    assert {p.stem for p in (out / "figures").iterdir()} == {"chain", "retention"}
    for column in table.columns:
        assert definition("chain", column, lang), column


def test_a_country_without_works_has_a_share_of_nought_of_a_known_total(
    made: Path, tmp_path: Path
) -> None:
    out = tmp_path / "o"
    more = ["--science", made / "science", "--patents", made / "patents", "--focal", "FR"]
    result = netpos("chain", *more, "--out", out)
    assert result.exit_code == 0, result.stderr
    row = pl.read_parquet(out / "tables" / "chain.parquet").row(0, named=True)
    assert (row["numerator"], row["denominator"], row["share"]) == (0, 60, 0)


def test_what_does_not_fit_together_is_named(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "o"
    fails(netpos("chain", "--science", made / "science", "--out", out), "at least two")
    more = ["--science", made / "companies", "--patents", made / "patents"]
    fails(netpos("chain", *more, "--out", out), "companies", "holds no results of netpos science")
    more = ["--companies", made / "companies", "--science", made / "science", "--focal", "FR"]
    fails(netpos("chain", *more, "--out", out), "has no row of FR", "--focal FR")
    head = "company_id,country,technology,founded,status,funding_usd_m"
    (tmp_path / "c.csv").write_text(f"{head}\na,NL,other,2015,active,1\n")
    assert netpos("companies", tmp_path / "c.csv", "--out", tmp_path / "c").exit_code == 0
    more = ["--companies", tmp_path / "c", "--science", made / "science"]
    fails(netpos("chain", *more, "--out", out), "share no technology", "quantum; other")


def test_notes_of_the_chain_have_their_dutch() -> None:
    note = "the stages are of different years: patents 2015-2025; science 2010-2020"
    assert told(note, "nl")[1]


def test_made_up_inputs_make_a_chain_that_says_so_with_the_folders_it_was_read_from(
    made: Path, tmp_path: Path
) -> None:
    inputs = tmp_path / "in"
    for name in ("science", "companies"):
        shutil.copytree(made / name, inputs / name)
    manifest = json.loads((inputs / "companies" / "run.json").read_text())
    (inputs / "companies" / "run.json").write_text(json.dumps(manifest | {"synthetic": True}))
    out = tmp_path / "o"
    more = [x for name in ("science", "companies") for x in (f"--{name}", inputs / name)]
    result = netpos("chain", *more, "--out", out, "--lang", "nl")
    assert result.exit_code == 0, result.stderr
    page = (out / "index.html").read_text()
    assert "Synthetische gegevens" in page
    assert "science/run.json, companies/run.json" in page
    assert json.loads((out / "run.json").read_text())["synthetic"] is True
    plain = tmp_path / "plain"
    more = [x for name in ("science", "companies") for x in (f"--{name}", made / name)]
    assert netpos("chain", *more, "--out", plain).exit_code == 0
    assert "Synthetic data" not in (plain / "index.html").read_text()


def test_the_dutch_page_has_no_codes_of_counting_in_english(made: Path, tmp_path: Path) -> None:
    more = [x for name in ("science", "companies") for x in (f"--{name}", made / name)]
    assert netpos("chain", *more, "--out", tmp_path / "o", "--lang", "nl").exit_code == 0
    page = (tmp_path / "o" / "index.html").read_text()
    assert "opgericht na 1990" in page
    assert "verdeeld over landen" in page
    assert not re.search(r"founded after|>\s*fractional", page)
