"""The report from a CSV export alone: what can be computed is there, the rest says why not."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos.cli import app
from netpos.viz.words import words
from tests.conftest import shared_real
from tests.lens import few
from tests.viz.lens_sheet import HEADER, OFFICES, families, write_sheet
from tests.viz.report.test_report import Reader, inside, lookup, number

#: What programs print where there is nothing to print.
EMPTY = re.compile(r"\b(?:nan|NaN|None|inf|Infinity|null|undefined|NaT)\b")
#: Parts that a CSV cannot give, by the words that say so.
CANNOT = ("network", "value", "rca", "complexity")
CHOICES = ["--draws", "20", "--compare-with", "US,DE"]


@pytest.fixture(scope="module", params=["en", "nl"])
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a run on a CSV export of the form of 2026, in each language."""
    folder = tmp_path_factory.mktemp("csv")
    path = write_sheet(folder / "lens-export.csv", families())
    call = ["run", str(path), "--out", str(folder / "o"), "--lang", request.param, *CHOICES]
    call += few(folder, "quantum", "semiconductor", "ai_data", "optical_photonics")
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.stderr
    return folder / "o"


def lang_of(results: Path) -> str:
    return str(json.loads((results / "run.json").read_text("utf-8"))["options"]["lang"])


def reader(results: Path, name: str = "index.html") -> Reader:
    return Reader((results / name).read_text("utf-8"))


def tables(results: Path) -> dict[str, pl.DataFrame]:
    return {p.stem: pl.read_parquet(p) for p in (results / "tables").glob("*.parquet")}


def test_the_written_export_has_the_header_of_a_real_one_of_2026() -> None:
    import gzip

    path = shared_real() / "lens_csv" / "2026_opensangamo_lens-export.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as stream:
        assert next(csv.reader(stream)) == list(HEADER)


def test_sizes_are_families_by_priority_office_counted_by_hand(results: Path) -> None:
    table = tables(results)["countries"]
    whole = table.filter((pl.col("technology") == "all") & (pl.col("period") == "all"))
    shown = dict(whole.select("country", "families").iter_rows())
    # in each office one family (the sixth) has no priority; it has no country and is not counted
    expected = {o: n - (n > 5) for o, n in OFFICES.items()}
    assert {c: n for c, n in shown.items() if n} == expected
    html = reader(results)
    cell = next(n for n in html.cells() if n["data-cell"] == "countries|all|all|NL|families")
    assert number(cell["text"], lang_of(results))[0] == expected["NL"]


def test_every_heading_is_followed_by_content_or_a_sentence(results: Path) -> None:
    page = reader(results)
    t = words(lang_of(results))
    heads = [k for k, n in enumerate(page.all) if n["tag"] in ("h2", "h3", "h4")]
    assert len(heads) > 30
    for here, after in zip(heads, [*heads[1:], len(page.all)], strict=True):
        part = page.all[here + 1 : after]
        level = int(page.all[here]["tag"][1])
        if after < len(page.all) and int(page.all[after]["tag"][1]) > level:
            continue  # its parts follow
        rows = [n for n in part if n["tag"] == "td" and n["text"].strip(" –\n")]
        said = [n for n in part if n["tag"] in ("p", "li", "dd") and len(n["text"].strip()) > 20]
        drawn = [n for n in part if n["tag"] == "figcaption"]
        assert rows or said or drawn, page.all[here]["text"]
    titles = {n["text"] for n in page.of("h2", "h3")}
    for key in ("glance", "part_network", "missing", "across", "methods"):
        assert t[key] in titles
    inside = {n["text"] for n in page.of("h4")}  # with the name of the technology at the end
    for key in ("trend", "organisations"):
        assert any(n.startswith(f"{t[key]} ") for n in inside)
    absent = {t[k].split("{")[0] for k in ("heat", "users", "most_cited", "behind")}
    assert not any(n.startswith(tuple(absent)) for n in titles | inside)


def test_what_cannot_be_computed_is_named_with_what_would_help(results: Path) -> None:
    page, t = reader(results), words(lang_of(results))
    told = {
        term["text"]: text["text"]
        for term, text in zip(page.of("dt"), page.of("dd"), strict=True)
        if inside(term, next(n for n in page.all if n.get("class") == "how"))
    }
    how = {t[f"part_{k}"]: t[f"part_{k}_how"] for k in CANNOT}
    assert told == how | {t["part_network"]: t["no_citations"]}
    said = [n["text"] for n in page.of("p")]
    assert t["no_citations"] in said
    assert t["no_links"] not in said
    notes = next(n for n in page.all if n.get("class") == "notes")
    assert ("priority office" if lang_of(results) == "en" else "prioriteitsbureau") in notes["text"]
    assert not [n for n in page.all if n.get("lang") == "en" and n["tag"] in ("li", "span")]


def test_nothing_is_said_on_citations_nor_on_the_home_of_organisations(results: Path) -> None:
    page, t = reader(results), words(lang_of(results))
    for node in page.cells():
        table, _, _, key, column = node["data-cell"].split("|")
        if table == "robustness":
            assert key == "family_share"
            continue
        assert table not in ("exposure", "dependents", "links", "source_links")
        assert not column.startswith(("received", "given", "balance", "core", "value", "source"))
    text = " ".join(n["text"] for n in page.of("p"))
    focal = "the Netherlands" if lang_of(results) == "en" else "Nederland"
    assert t["no_organisation"].format(focal=focal) not in text
    assert t["no_organisation_country"].format(focal=focal) in text
    columns = {n["text"] for n in page.of("th")}
    assert not {t["per_family"], t["received_share"], t["balance"], t["value_rank"]} & columns


def test_no_figure_is_empty_and_each_in_the_report_has_its_files(results: Path) -> None:
    folder = results / "figures"
    names = {p.stem for p in folder.glob("*.csv")}
    assert {"world", "focal-share", "comparison", "comparison-trend"} <= names
    # few families of fewer firms: no rank of the focal country has an interval, none is drawn
    ranks = tables(results)["indicators"].filter(
        (pl.col("indicator") == "family_rank")
        & (pl.col("country") == "NL")
        & (pl.col("period") == "all")
    )
    assert ranks.height > 0
    assert ranks["reason"].null_count() == 0
    assert "rank-intervals" not in names
    without = ("classes", "concentration", "exposure", "scores", "complexity", "organisations")
    assert not [n for n in names if n.startswith(without)]
    for name in names:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert rows, name
        measured = [
            float(v)
            for row in rows
            for k, v in row.items()
            if re.fullmatch(r"-?[\d.]+(e-?\d+)?", v)
        ]
        assert measured, name
        svg = (folder / f"{name}.svg").read_text("utf-8")
        assert svg.count("<path") > 3, name
    linked = set()
    for page in ("index.html", "comparison.html"):
        text = (results / page).read_text("utf-8")
        linked |= set(re.findall(r'href="figures/([^"]+)\.csv"', text))
        assert text.count("<figcaption>") == text.count("<figure")
    assert linked == names


def test_nothing_shows_what_programs_print_for_nothing(results: Path) -> None:
    for name in ("index.html", "comparison.html"):
        page = reader(results, name)
        shown = [text for text, tags in page.texts if "style" not in tags]
        assert len(shown) > 200
        assert [text for text in shown if EMPTY.search(text)] == []
    for path in (results / "figures").iterdir():
        assert not EMPTY.search(path.read_text("utf-8")), path.name
    for path in (results / "maps").glob("*.html"):
        static = re.sub(
            r"<(script|style|button)\b.*?</\1>", "", path.read_text("utf-8"), flags=re.DOTALL
        )
        assert not EMPTY.search(re.sub(r"<[^>]*>", " ", static)), path.name
    for path in (results / "tables").glob("*.csv"):
        text = path.read_text("utf-8")
        assert not re.search(r"(?:^|,)(?:nan|NaN|None|-?inf|null)(?:,|$)", text, re.MULTILINE)


def test_every_number_of_both_pages_is_that_of_its_cell(results: Path) -> None:
    held, seen = tables(results), 0
    for name in ("index.html", "comparison.html"):
        for node in reader(results, name).cells():
            if node["text"] == "–":
                assert lookup(held, node["data-cell"]) is None
                continue
            value = lookup(held, node["data-cell"])
            if isinstance(value, str):
                assert node["text"] == value
                continue
            if "data-less" in node:
                value -= lookup(held, node["data-less"])
            shown, half = number(node["text"], lang_of(results))
            share = re.search(r"_share|\|held$", node["data-cell"]) or "%" in node["text"]
            share = share or node["data-cell"].startswith("robustness|")
            expected = value * (100 if share else 1)
            assert abs(shown - expected) <= half * (1 + 1e-9) or abs(shown - value) <= half, node
            seen += 1
    assert seen > 400


def test_the_options_of_the_run_are_written_as_on_the_command_line(results: Path) -> None:
    page, t = reader(results), words(lang_of(results))
    pairs = {
        a["text"]: b["text"]
        for a, b in zip(page.of("dt"), page.of("dd"), strict=True)
        if a["text"].startswith("--")
    }
    assert pairs["--compare-with"] == "US,DE"
    assert pairs["--office-proxy"] == t["no"]
    assert pairs["--figures"] == t["yes"]
    assert not [k for k in pairs if "_" in k]
    assert not {"True", "False"} & set(pairs.values())
