"""The user's own links at the command line."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from netpos.cli import app


def netpos(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def fails(result: Result, *words: str) -> None:
    assert result.exit_code == 2, (result.stdout, result.stderr)
    lines = [x for x in result.stderr.splitlines() if x.startswith("netpos: ")]
    assert len(lines) == 1
    for word in words:
        assert word in lines[0]


@pytest.fixture(scope="module")
def pharma(tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, Path]:
    from tests.conftest import shared_real

    path = shared_real() / "country_citations_pharma" / "back_citations_ctry_16.csv.gz"
    folder = tmp_path_factory.mktemp("pharma")
    flows = pl.read_csv(path).select(
        citing="ctry_name_citing",
        cited="ctry_name_cited",
        weight="share_inv_cited",
        period=pl.when(pl.col("p_year_citing") < 2005)
        .then(pl.lit("1990-2004"))
        .otherwise(pl.lit("2005-2018")),
    )
    flows.write_csv(folder / "flows.csv")
    result = netpos("links", folder / "flows.csv", "--out", folder / "o", "--focal", "NL")
    assert result.exit_code == 0, result.stderr
    return flows, folder / "o"


def test_pharma_links_keep_every_citation(pharma: tuple[pl.DataFrame, Path]) -> None:
    flows, out = pharma
    links = pl.read_csv(out / "tables" / "links.csv")
    for period in ("1990-2004", "2005-2018"):
        got = links.filter(pl.col("period") == period)["weight"].sum()
        assert got == pytest.approx(
            flows.filter(pl.col("period") == period)["weight"].sum(), rel=1e-9
        )
    total = links.filter(pl.col("period") == "all")["weight"].sum()
    assert total == pytest.approx(602_309.57, abs=0.005)  # as the published table sums


def test_pharma_strengths_and_balance_equal_a_plain_sum(pharma: tuple[pl.DataFrame, Path]) -> None:
    flows, out = pharma
    foreign = flows.filter(pl.col("citing") != pl.col("cited"))
    received = foreign.filter(pl.col("cited") == "Netherlands")["weight"].sum()
    given = foreign.filter(pl.col("citing") == "Netherlands")["weight"].sum()
    row = (
        pl.read_csv(out / "tables" / "countries.csv")
        .filter((pl.col("period") == "all") & (pl.col("country") == "NL"))
        .row(0, named=True)
    )
    assert row["received"] == pytest.approx(received, rel=1e-11)
    assert row["given"] == pytest.approx(given, rel=1e-11)
    assert row["balance_ratio"] == pytest.approx((received - given) / (received + given), rel=1e-9)
    assert row["families"] is None


def test_pharma_core_and_place_of_the_netherlands_are_those_of_the_notes(
    pharma: tuple[pl.DataFrame, Path],
) -> None:
    table = pl.read_csv(pharma[1] / "tables" / "countries.csv").filter(pl.col("period") == "all")
    assert table.filter(pl.col("core"))["country"].to_list() == ["DE", "JP", "US"]
    outside = table.filter(~pl.col("core")).sort("core_distance", nulls_last=True)
    assert outside["country"].to_list().index("NL") == 8  # ninth nearest


def test_families_table_gives_sizes_and_what_is_divided_by_them(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("citing,cited,weight\nNL,DE,3\nDE,NL,2\nNL,US,6\n")
    (tmp_path / "f.csv").write_text("country,families\nNL,5\nDE,20\nUS,60\nNA,1\n")
    out = tmp_path / "o"
    result = netpos("links", tmp_path / "l.csv", "--families", tmp_path / "f.csv", "--out", out)
    assert result.exit_code == 0
    table = pl.read_csv(out / "tables" / "countries.csv")
    rows = {r["country"]: r for r in table.to_dicts()}
    assert rows["NL"]["given_per_family"] == pytest.approx(9 / 5)
    assert rows["US"]["received_per_family"] == pytest.approx(6 / 60)
    assert rows["NA"]["families"] == 1
    assert rows["NA"]["name"] == "Namibia"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("citing,cited,weight\nNL,DE,-1\n", (":2:", "-1")),
        ("citing,cited,weight\nNL,DE,many\n", (":2:", "many")),
        ("citing,cited\nNL,DE\n", ("weight",)),
        ("from,to,weight\nNL,DE,1\n", ("citing",)),
        ("", ("empty",)),
    ],
)
def test_a_wrong_link_table_is_named_with_its_line(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "l.csv").write_text(text)
    fails(netpos("links", tmp_path / "l.csv", "--out", tmp_path / "o"), "l.csv", *words)


def test_an_unknown_focal_country_is_named(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("citing,cited,weight\nNL,DE,1\n")
    result = netpos("links", tmp_path / "l.csv", "--out", tmp_path / "o", "--focal", "QX")
    fails(result, "QX")


def test_a_membership_file_with_a_wrong_column_is_named(tmp_path: Path) -> None:
    from tests.lens import record, write

    (tmp_path / "m.csv").write_text("iso2,name,eu_since\nNL,Netherlands,1958\n")
    path = write(tmp_path / "t.jsonl", [record(1)])
    result = netpos("run", path, "--out", tmp_path / "o", "--memberships", tmp_path / "m.csv")
    fails(result, "m.csv", "eu_from")


def test_a_run_on_own_links_that_stops_halfway_leaves_the_results_before_it_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from netpos.viz.maps import map as network_map

    links, out = tmp_path / "l.csv", tmp_path / "o"
    links.write_text("citing,cited,weight,technology\nNL,DE,1,a\nUS,NL,1,b\n")
    assert netpos("links", links, "--out", out).exit_code == 0
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert out / "maps" / "b.html" in before

    draw = network_map.network_map

    def full(links: object, path: Path, **options: object) -> object:
        if options["technology"] == "b":
            raise OSError(28, "No space left on device")
        return draw(links, path, **options)

    monkeypatch.setattr(network_map, "network_map", full)
    links.write_text("citing,cited,weight,technology\nNL,FR,5,a\nUS,NL,1,b\n")
    fails(netpos("links", links, "--out", out), "No space left on device")
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    monkeypatch.undo()
    assert netpos("links", links, "--out", out).exit_code == 0
    assert (out / "maps" / "a.html").read_bytes() != before[out / "maps" / "a.html"]


def countries_of(tmp_path: Path, links: str, families: str | None = None) -> pl.DataFrame:
    (tmp_path / "l.csv").write_text(links)
    more = []
    if families:
        (tmp_path / "f.csv").write_text(families)
        more = ["--families", tmp_path / "f.csv"]
    result = netpos("links", tmp_path / "l.csv", "--out", tmp_path / "o", *more)
    assert result.exit_code == 0, result.stderr
    return pl.read_csv(tmp_path / "o" / "tables" / "countries.csv")


def given(table: pl.DataFrame) -> dict[tuple[str, str], float]:
    return {(p, c): g for p, c, g in table.select("period", "country", "given").iter_rows()}


def test_rows_all_are_the_whole_span_and_not_added_to_the_periods(tmp_path: Path) -> None:
    text = (
        "citing,cited,weight,period\nNL,US,4,2015-2019\nUS,NL,1,2015-2019\n"
        "NL,US,4,all\nUS,NL,3,all\n"
    )
    found = given(countries_of(tmp_path, text))
    assert found == {
        ("2015-2019", "NL"): 4.0,
        ("2015-2019", "US"): 1.0,
        ("all", "NL"): 4.0,
        ("all", "US"): 3.0,
    }


def test_a_blank_period_is_no_period(tmp_path: Path) -> None:
    text = "citing,cited,weight,period\nNL,US,4,2015-2019\nUS,NL,1,\n"
    assert given(countries_of(tmp_path, text)) == {
        ("2015-2019", "NL"): 4.0,
        ("2015-2019", "US"): 0.0,
        ("all", "NL"): 4.0,
        ("all", "US"): 1.0,
    }


def test_rows_without_a_period_beside_rows_all_are_left_out_and_told(tmp_path: Path) -> None:
    text = "citing,cited,weight,period\nNL,US,4,all\nUS,NL,1,\n"
    assert given(countries_of(tmp_path, text)) == {("all", "NL"): 4.0, ("all", "US"): 0.0}
    result = netpos("links", tmp_path / "l.csv", "--out", tmp_path / "again")
    assert "1 rows without a period are left out" in result.stderr


def test_rows_without_a_technology_are_of_all(tmp_path: Path) -> None:
    text = "citing,cited,weight,technology\nNL,US,4,\nUS,NL,1,ai\n"
    table = countries_of(tmp_path, text)
    assert table["technology"].unique().sort().to_list() == ["ai", "all"]
    assert table.filter(pl.col("technology") == "all")["given"].to_list() == [4.0, 0.0]


def test_families_by_technology_fit_links_without_one(tmp_path: Path) -> None:
    links = "citing,cited,weight\nNL,US,4\nUS,NL,2\n"
    own = "technology,period,country,families\nai,all,NL,2\nai,2015-2019,NL,1\nai,all,US,8\n"
    table = countries_of(tmp_path, links, own)
    assert table["families"].to_list() == [2.0, 8.0]
    assert table["given_per_family"].to_list() == [2.0, 0.25]
    # with families of all technologies these are taken, since one may be in several
    both = own + "all,all,NL,5\nall,all,US,9\n"
    assert countries_of(tmp_path, links, both)["families"].to_list() == [5.0, 9.0]


def test_the_links_of_a_run_of_links_give_the_same_numbers_again(tmp_path: Path) -> None:
    text = (
        "citing,cited,weight,period,technology\nNL,US,4,2015-2019,ai\nUS,NL,1,2015-2019,ai\n"
        "NL,US,2,2020-2024,ai\nDE,NL,3,2020-2024,ai\nNL,DE,1,2020-2024,pv\nNL,NL,7,2015-2019,pv\n"
    )
    sizes = "technology,country,families\n" + "".join(
        f"{t},{c},{n}\n" for t in ("ai", "pv") for c, n in (("NL", 3), ("US", 9), ("DE", 4))
    )
    first = countries_of(tmp_path, text, sizes)
    again = tmp_path / "again"
    made = tmp_path / "o" / "tables"
    result = netpos(
        "links", made / "links.csv", "--families", made / "countries.csv", "--out", again
    )
    assert result.exit_code == 0, result.stderr
    assert pl.read_csv(again / "tables" / "countries.csv").equals(first)
    assert (again / "tables" / "links.csv").read_bytes() == (made / "links.csv").read_bytes()
