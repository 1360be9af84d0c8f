"""`netpos run --papers`: the worked example from files to tables and pages, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from netpos.cli import app
from netpos.science import linkage
from netpos.viz.meanings import definition
from tests.findings import check_page
from tests.lens import FAST, QUANTUM, lens_id, record, write
from tests.science.test_publications import TOY

DOI = "10.1000/p{}"


def netpos(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def works(folder: Path, only: str = "") -> Path:
    """The twelve works of the worked example as an export of OpenAlex."""
    lines = [
        json.dumps(
            {
                "id": f"https://openalex.org/W{number}", "publication_year": year, "type": kind,
                "doi": f"https://doi.org/{DOI.format(number)}", "cited_by_count": citations,
                "authorships": [{"countries": a.split("+") if a else []} for a in authors],
            }
        )
        for number, _, year, kind, citations, authors in TOY
        if only in "".join(authors)
    ]  # fmt: skip
    path = folder / "works.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def paper(*numbers: int) -> list[dict]:
    return [{"nplcit": {"text": "x", "external_ids": [DOI.format(n)]}} for n in numbers]


def families(folder: Path) -> Path:
    """Families f1 NL, f2 US, f3 half NL and half DE, and one that names nothing."""
    return write(
        folder / "p.jsonl",
        [
            record(1, cites=[*paper(1, 5), {"nplcit": {"text": "a book"}}]),
            record(2, applicants=[("B INC", "US")], cites=paper(1, 6)),
            # two documents of one family, and a reference made twice
            record(3, applicants=[("C", "NL"), ("D", "DE")], members=[4], cites=paper(6, 6)),
            record(4, applicants=[("C", "NL"), ("D", "DE")], members=[3], office="US",
                   kind="B2", cites=paper(6, 99)),
            record(5, applicants=[("E KK", "JP")], cites=[1]),
        ],
    )  # fmt: skip


def table(out: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(out / "tables" / f"{name}.parquet")


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_worked_example_from_files_to_pages(
    tmp_path: Path, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linkage, "LEAST", 1)
    out = tmp_path / "o"
    more = ["--papers", works(tmp_path), *FAST, *QUANTUM, "--lang", lang]
    more.remove("--no-figures")
    result = netpos("run", families(tmp_path), "--out", out, *more)
    assert result.exit_code == 0, result.stderr
    whole = (pl.col("technology") == "quantum") & (pl.col("period") == "all")
    links = table(out, "science_links").filter(whole)
    found = {(c, b): k for c, b, k in links.select("citing", "cited", "links").iter_rows()}
    assert found["NL", "NL"] == pytest.approx(11 / 12)
    assert found["US", "NL"] == pytest.approx(7 / 6)
    assert sum(found.values()) == pytest.approx(5)
    rows = {r["country"]: r for r in table(out, "science_linkage").filter(whole).to_dicts()}
    assert rows["NL"]["papers_per_family"] == pytest.approx(2.5 / 1.5)
    assert rows["NL"]["home_source"] == pytest.approx(11 / 30)
    assert rows["NL"]["home_use"] == pytest.approx(11 / 28)
    assert rows["JP"]["papers_per_family"] == 0  # it could name papers, and named none
    assert rows["JP"]["home_source"] is None
    told = table(out, "science_link_coverage").filter(whole).row(0, named=True)
    assert told["families"] == told["families_readable"] == 4
    assert told["families_naming"] == 3
    assert (told["references"], told["identified"]) == (9, 8)
    assert (told["links"], told["links_doi"], told["papers"]) == (5, 5, 3)
    for name in ("science_links", "science_linkage", "science_link_coverage"):
        assert all(definition(name, c, lang) for c in table(out, name).columns), name
    page = (out / "papers.html").read_text(encoding="utf-8")
    index = (out / "index.html").read_text(encoding="utf-8")
    assert 'id="papers"' in index
    assert "within this corpus" in page if lang == "en" else "binnen dit corpus" in page
    assert check_page(out, lang, "papers.html") > 20
    assert (out / "maps" / "quantum-papers.html").is_file()
    assert (out / "figures" / "papers.svg").is_file()
    run = json.loads((out / "run.json").read_text())
    assert [p["name"] for p in run["papers"]] == ["works.jsonl"]


def test_works_of_one_country_give_no_share_of_sources(tmp_path: Path) -> None:
    out, given = tmp_path / "o", works(tmp_path)
    lines = given.read_text().splitlines()
    given.write_text("\n".join(line.replace("US", "NL").replace("DE", "NL").replace("CN", "NL")
                               for line in lines))  # fmt: skip
    result = netpos("run", families(tmp_path), "--out", out, "--papers", given, *FAST, *QUANTUM)
    assert result.exit_code == 0, result.stderr
    assert (
        table(out, "science_links")["source_share"].null_count()
        == table(out, "science_links").height
    )
    assert table(out, "science_linkage")["home_source"].count() == 0
    assert "every work given has an author in NL" in result.stderr


def test_a_corpus_is_asked_for_its_references_before_anything_is_written(tmp_path: Path) -> None:
    given, exports = works(tmp_path), families(tmp_path)
    assert netpos("ingest", exports, "--corpus", tmp_path / "c").exit_code == 0
    arguments = [
        "analyse",
        tmp_path / "c",
        "--out",
        tmp_path / "o",
        "--papers",
        given,
        *FAST,
        *QUANTUM,
    ]
    result = netpos(*arguments)
    assert result.exit_code == 2
    assert "does not hold the non-patent references of p.jsonl" in result.stderr
    assert "--nonpatent" in result.stderr
    assert not (tmp_path / "o" / "run.json").exists()
    assert netpos("ingest", exports, "--corpus", tmp_path / "c", "--nonpatent").exit_code == 0
    assert netpos(*arguments, "--tables-only").exit_code == 0
    assert table(tmp_path / "o", "science_links").height


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        ("", "holds no record"),
        ("country,works\nNL,1\n", "not works of OpenAlex or Lens"),
        (json.dumps(record(1)), "a Lens export of patents"),
    ],
)
def test_what_is_no_works_is_refused_before_the_exports_are_read(
    tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "w.jsonl"
    if content is not None:
        path.write_text(content)
    result = netpos("run", families(tmp_path), "--out", tmp_path / "o", "--papers", path, *QUANTUM)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "w.jsonl" in result.stderr
    assert len([x for x in result.stderr.splitlines() if x.startswith("netpos: ")]) == 1
    assert not (tmp_path / "o" / "corpus").exists()


def test_lens_works_are_found_by_their_lens_id(tmp_path: Path) -> None:
    work = {
        "lens_id": "073-641-442-560-346", "year_published": 2012, "title": "x",
        "publication_type": "journal article",
        "authors": [{"affiliations": [{"country_code": "DE"}]}],
    }  # fmt: skip
    (tmp_path / "w.jsonl").write_text(json.dumps(work))
    named = {"nplcit": {"text": "x", "lens_id": "073-641-442-560-346"}}
    export = write(tmp_path / "p.jsonl", [record(1, cites=[named])])
    out = tmp_path / "o"
    more = ["--papers", tmp_path / "w.jsonl", *FAST, *QUANTUM, "--tables-only"]
    assert netpos("run", export, "--out", out, *more).exit_code == 0
    row = table(out, "science_link_coverage").filter(technology="quantum", period="all")
    assert row["links_lens_id"].to_list() == [1]
    assert lens_id(1) in str(pl.read_parquet(out / "corpus" / "documents.parquet")["lens_id"])


def test_works_that_cannot_be_used_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    given = works(tmp_path)
    given.write_text(given.read_text() + '\n{"id": "https://openalex.org/W99"}\n')
    more = ["--papers", given, *FAST, *QUANTUM, "--tables-only"]
    result = netpos("run", families(tmp_path), "--out", tmp_path / "o", *more)
    assert result.exit_code == 0, result.stderr
    said = "papers: 1 of 13 works cannot be used, the first in works.jsonl, line 13: no year"
    assert said in result.stderr
