"""`netpos complexity`: lists, signs, regions, page, and one line for what cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from netpos.cli import app
from netpos.viz.meanings import definition
from netpos.viz.report.findings import told
from tests.findings import check_page

TRADE = {
    "NLD": [9, 1, 4, 0, 3],
    "DEU": [3, 5, 1, 2, 6],
    "FRA": [0, 2, 6, 7, 1],
    "POL": [2, 0, 0, 9, 1],
    "ITA": [6, 7, 0, 5, 0],
}
#: RCA of at least 1 as in CONTRARY of the tests of the index: the two rules contradict each other.
CONTRARY = ["1111000", "1111000", "1111000", "1110100", "0000110", "0000011", "0000001"]


def netpos(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def fails(result: Result, *words: str) -> None:
    assert result.exit_code == 2, (result.stdout, result.stderr)
    lines = [x for x in result.stderr.splitlines() if x.startswith("netpos: ")]
    assert len(lines) == 1
    for word in words:
        assert word in lines[0]


def matrix(path: Path, head: str = "country", scale: float = 100, years: tuple = ("",)) -> Path:
    rows = [f"{head},product,value" + (",year" if years[0] else "")]
    for k, year in enumerate(years):
        for country, values in TRADE.items():
            for j, value in enumerate(values):
                rows.append(f"{country},p{j},{scale * (value + k)}" + (f",{year}" if year else ""))
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def table(out: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(out / "tables" / f"{name}.parquet")


def test_the_lists_of_a_country_are_written_with_names_and_drawn(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text('product,name\np0,Cheese\np3,"Tulips <b>, cut"\n')
    out = tmp_path / "o"
    result = netpos(
        *("complexity", matrix(tmp_path / "m.csv"), "--out", out, "--focal", "NL"),
        *("--names", tmp_path / "names.csv", "--top", 2),
    )
    assert result.exit_code == 0, result.stderr
    assert result.stdout.strip() == str(out / "index.html")
    top = table(out, "top_products")
    assert top.columns == ["rank", "product", "name", "world_share", "rca", "pci"]
    assert top.rows()[0][:4] == (1, "p0", "Cheese", pytest.approx(9 / 20))
    assert table(out, "complex_products").columns == [
        *("rank", "product", "name", "pci", "rca", "world_share", "own_share")
    ]
    best = table(out, "opportunities")
    assert best.columns == [
        *("rank", "product", "name", "distance", "pci", "gain", "score", "mixes", "rca")
    ]
    held = table(out, "cells").filter((pl.col("country") == "NLD") & pl.col("presence"))
    assert not set(best["product"]) & set(held["product"])
    everything = netpos(
        *("complexity", tmp_path / "m.csv", "--out", out, "--focal", "nld"),
        *("--candidates", "all", "--specialised", "--least-share", 0),
    )
    assert everything.exit_code == 0, everything.stderr
    assert table(out, "opportunities").height == 5
    assert (table(out, "complex_products")["rca"] >= 1).all()
    assert {p.suffix for p in (out / "figures").iterdir()} == {".svg", ".csv"}


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_page_shows_cells_of_the_tables_in_both_languages(tmp_path: Path, lang: str) -> None:
    names = "<script>alert(1)</script>"
    (tmp_path / "names.csv").write_text(f"product,name\np0,{names}\np4,{names}\n")
    out = tmp_path / "o"
    result = netpos(
        *("complexity", matrix(tmp_path / "m.csv", years=("2016", "2017")), "--out", out),
        *("--focal", "Netherlands", "--names", tmp_path / "names.csv", "--lang", lang),
    )
    assert result.exit_code == 0, result.stderr
    checked = check_page(out, lang)
    assert checked > 30
    html = (out / "index.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert ("Netherlands" if lang == "en" else "Nederland") in html
    for path in (out / "tables").glob("*.parquet"):
        for column in pl.read_parquet_schema(path):
            assert definition(path.stem, column, lang), f"{path.stem}.{column}"


def test_where_the_two_rules_contradict_no_figure_is_drawn_until_one_is_chosen(
    tmp_path: Path,
) -> None:
    rows = ["country,product,value"]
    for i, row in enumerate(CONTRARY):
        rows += [f"c{i},p{j},{int(x) * 1000}" for j, x in enumerate(row)]
    # a row that holds a little of everything keeps every product, and changes no presence
    (tmp_path / "m.csv").write_text("\n".join(rows))
    out = tmp_path / "o"
    result = netpos("complexity", tmp_path / "m.csv", "--out", out, "--focal", "c0")
    assert result.exit_code == 0, result.stderr
    basis = table(out, "basis").row(0, named=True)
    assert not basis["agree"]
    assert basis["with_diversity"] > 0
    assert basis["with_ubiquity"] > 0
    assert "contradict each other" in result.stderr
    assert not (out / "figures").exists()
    assert table(out, "products")["pci"].count() == 0
    assert table(out, "opportunities").height == 0
    assert table(out, "top_products").height > 0
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "Choose one with --sign" in page
    chosen = netpos(
        "complexity", tmp_path / "m.csv", "--out", out, "--focal", "c0", "--sign", "ubiquity"
    )
    assert chosen.exit_code == 0, chosen.stderr
    assert table(out, "products")["pci"].count() == 7
    assert (out / "figures" / "products.svg").exists()
    assert table(out, "basis")["with_ubiquity"][0] < 0


def test_rows_are_called_regions_only_where_their_column_is(tmp_path: Path) -> None:
    out = tmp_path / "o"
    assert netpos("complexity", matrix(tmp_path / "c.csv"), "--out", out).exit_code == 0
    assert table(out, "basis")["rows"].to_list() == ["countries"]
    assert "egion" not in (out / "index.html").read_text("utf-8").split("<h2")[2]
    regions = matrix(tmp_path / "r.csv", head="region")
    assert netpos("complexity", regions, "--out", out).exit_code == 0
    assert table(out, "basis")["rows"].to_list() == ["regions"]
    assert '<h2 id="part-2">Regions</h2>' in (out / "index.html").read_text("utf-8")


def test_small_regions_are_left_out_and_small_countries_are_marked(tmp_path: Path) -> None:
    out = tmp_path / "o"
    text = matrix(tmp_path / "r.csv", head="region", scale=10).read_text("utf-8")
    (tmp_path / "r.csv").write_text(text + "\nNLX,p0,7\nBEX,p1,60\n")
    result = netpos("complexity", tmp_path / "r.csv", "--out", out)
    assert "1 of 7 regions sum to less than 50 and are left out" in result.stderr
    assert "NLX" not in table(out, "countries")["country"]
    result = netpos("complexity", tmp_path / "r.csv", "--out", out, "--regions", "NL,BE,FR")
    assert table(out, "countries")["country"].to_list() == ["BEX", "FRA", "NLD"]
    (tmp_path / "c.csv").write_text(text.replace("region", "country") + "\nXXX,p0,7\n")
    result = netpos("complexity", tmp_path / "c.csv", "--out", out)
    assert "marked small: XXX" in result.stderr
    small = table(out, "countries").filter("small")
    assert small["country"].to_list() == ["XXX"]


def test_a_country_with_a_speck_of_the_matrix_is_small_in_any_unit(tmp_path: Path) -> None:
    text = matrix(tmp_path / "c.csv", scale=1e9).read_text("utf-8")
    (tmp_path / "c.csv").write_text(text + "\nBVT,p0,2000000\n")
    assert netpos("complexity", tmp_path / "c.csv", "--out", tmp_path / "o").exit_code == 0
    assert table(tmp_path / "o", "countries").filter("small")["country"].to_list() == ["BVT"]


def test_each_year_has_its_lists_and_the_page_shows_the_last(tmp_path: Path) -> None:
    out = tmp_path / "o"
    file = matrix(tmp_path / "m.csv", years=("2016", "2017"))
    assert netpos("complexity", file, "--out", out, "--focal", "NLD").exit_code == 0
    top = table(out, "top_products")
    assert top["year"].unique().sort().to_list() == [2016, 2017]
    assert "2017" in (out / "index.html").read_text("utf-8")
    options = json.loads((out / "run.json").read_text("utf-8"))["options"]
    assert options["mix"] == "50/15/35"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--focal", "Erewhon"), ("--focal Erewhon", "not a row", "DEU, FRA")),
        (("--mix", "50/50"), ("--mix 50/50", "50/15/35")),
        (("--candidates", "some"), ("--candidates some", "missing or all")),
        (("--least-share", "101"), ("--least-share 101", "percent")),
        (("--sign", "plus"), ("sign 'plus'", "diversity")),
        (("--regions", "NL"), ("--regions", "region")),
        (("--lang", "fr"), ("lang", "fr")),
        (("--names", "absent.csv"), ("absent.csv", "no such file")),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line(
    tmp_path: Path, more: tuple[str, ...], words: tuple[str, ...]
) -> None:
    out = tmp_path / "o"
    fails(netpos("complexity", matrix(tmp_path / "m.csv"), "--out", out, *more), *words)
    assert not (out / "run.json").exists()


def test_a_union_is_a_row_only_where_the_matrix_has_it(tmp_path: Path) -> None:
    file = matrix(tmp_path / "m.csv")
    out = tmp_path / "o"
    result = netpos("complexity", file, "--out", out, "--focal", "eu27")
    fails(result, "--focal eu27: not a row of the matrix", "members are not added up here")
    whole = file.read_text("utf-8").replace("NLD,", "EU27,")
    file.write_text(whole, encoding="utf-8")
    assert netpos("complexity", file, "--out", out, "--focal", "EU27").exit_code == 0


def test_regions_of_which_none_is_left_are_named(tmp_path: Path) -> None:
    file = matrix(tmp_path / "r.csv", head="region")
    result = netpos("complexity", file, "--out", tmp_path / "o", "--regions", "XX")
    fails(result, "r.csv", "fewer than two regions", "--regions")


def test_the_same_matrix_gives_the_same_bytes_whatever_the_order_of_its_rows(
    tmp_path: Path,
) -> None:
    file = matrix(tmp_path / "m.csv")
    assert netpos("complexity", file, "--out", tmp_path / "a", "--focal", "NL").exit_code == 0
    head, *rows = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([head, *reversed(rows)]), encoding="utf-8")
    assert netpos("complexity", file, "--out", tmp_path / "b", "--focal", "NL").exit_code == 0
    for path in (tmp_path / "a").rglob("*"):
        other = tmp_path / "b" / path.relative_to(tmp_path / "a")
        if path.is_file() and path.name != "run.json":  # the input has another hash
            assert path.read_bytes() == other.read_bytes(), path.name


def test_notes_of_the_command_have_their_dutch() -> None:
    for note in (
        "1 of 7 regions sum to less than 50 and are left out",
        "1 rows sum to less than 50, or to less than 0.005 % of the matrix; their indices rest on "
        "little and they are marked small: XXX",
    ):
        said, known = told(note, "nl")
        assert known
        assert said != note


def test_complexity_of_traded_services_is_the_published_presence(
    real: Path, tmp_path: Path
) -> None:
    folder = real / "complexity_reference" / "services_2016"
    trade = pl.read_csv(folder / "services_trade_2016.csv.gz", null_values="NA")
    country, product, value = trade.columns[:3]
    # one published value is negative and counts as 0 in the published tables
    cells = trade.select(
        country=country, product=product, value=pl.col(value).cast(pl.Float64).clip(0)
    )
    cells.write_csv(tmp_path / "m.csv")
    result = netpos("complexity", tmp_path / "m.csv", "--out", tmp_path / "o")
    assert result.exit_code == 0, result.stderr
    found = pl.read_csv(tmp_path / "o" / "tables" / "countries.csv")
    published = pl.read_csv(folder / "diversity.csv.gz")
    expected = dict(published.select(published.columns[:2]).iter_rows())
    got = dict(found.select("country", "diversity").iter_rows())
    assert {k: v for k, v in got.items() if k in expected} == expected


def test_complexity_of_the_nested_matrix_is_the_worked_one(tmp_path: Path) -> None:
    nested = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]])
    # values whose RCA is the nested matrix: large where 1, none elsewhere
    rows = "".join(
        f"c{i},p{j},{10 ** (4 - j) if nested[i, j] else 0}\n" for i in range(4) for j in range(4)
    )
    (tmp_path / "n.csv").write_text("country,product,value\n" + rows)
    result = netpos("complexity", tmp_path / "n.csv", "--out", tmp_path / "o")
    assert result.exit_code == 0
    cells = pl.read_csv(tmp_path / "o" / "tables" / "cells.csv")
    x = cells.pivot("product", index="country", values="value").sort("country")
    m = x.select(sorted(c for c in x.columns if c != "country")).to_numpy().astype(float)
    rca = (m / m.sum(1, keepdims=True)) / (m.sum(0) / m.sum())
    got = cells.pivot("product", index="country", values="rca").sort("country")
    assert got.select(sorted(c for c in got.columns if c != "country")).to_numpy() == (
        pytest.approx(rca, rel=1e-11)
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("country,product,value\nNL,a,1\n", ("NL",)),
        ("country,product,value\nNL,a,1\nDE,a,x\nDE,b,1\n", (":3:", "x")),
        ("country,product\nNL,a\n", ("value",)),
    ],
)
def test_a_wrong_matrix_is_named(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    (tmp_path / "m.csv").write_text(text)
    fails(netpos("complexity", tmp_path / "m.csv", "--out", tmp_path / "o"), "m.csv", *words)


def test_a_country_called_in_three_ways_is_one_row(tmp_path: Path) -> None:
    text = matrix(tmp_path / "m.csv").read_text().splitlines()
    whole = netpos("complexity", tmp_path / "m.csv", "--out", tmp_path / "whole")
    assert whole.exit_code == 0, whole.stderr
    ways = ["NLD", "NL", "Netherlands"]
    mine = [x for x in text if x.startswith("NLD,")]
    turned = [x.replace("NLD", ways[k % 3], 1) for k, x in enumerate(mine)]
    turned.append("NL,p0,0")  # the same cell twice, under two of the labels
    (tmp_path / "n.csv").write_text("\n".join([x for x in text if x not in mine] + turned))
    result = netpos("complexity", tmp_path / "n.csv", "--out", tmp_path / "o")
    assert result.exit_code == 0, result.stderr
    assert "labels taken as one country: NL, NLD, Netherlands = NL" in result.stderr
    found = table(tmp_path / "o", "countries")
    assert sorted(found["country"]) == ["DEU", "FRA", "ITA", "NL", "POL"]
    other = table(tmp_path / "whole", "countries").with_columns(
        pl.col("country").replace("NLD", "NL")
    )
    assert found.sort("country").equals(other.sort("country"))


def test_regions_that_look_like_a_country_stay_apart(tmp_path: Path) -> None:
    text = matrix(tmp_path / "m.csv", head="region").read_text()
    (tmp_path / "n.csv").write_text(text.replace("DEU", "NL").replace("FRA", "Netherlands"))
    result = netpos("complexity", tmp_path / "n.csv", "--out", tmp_path / "o")
    assert result.exit_code == 0, result.stderr
    assert {"NL", "NLD", "Netherlands"} <= set(table(tmp_path / "o", "countries")["country"])
