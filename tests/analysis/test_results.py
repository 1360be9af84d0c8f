"""The tables of a run: each rule that decides a number, on records few enough to count."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pytest

from netpos import analysis
from netpos.analysis import results
from netpos.ingest.corpus import read
from netpos.options import make
from tests.lens import lens_id, record, write

QUANTUM = Path(__file__).parent.parent / "quantum.toml"


def tables_of(
    folder: Path, records: Iterable[dict], **given: object
) -> dict[str, dict[tuple[str, ...], dict]]:
    """The tables of a run over quantum, each as rows by their keys without the technology."""
    corpus = read(write(folder / "e.jsonl", records))
    options = {"technologies": str(QUANTUM), "draws": 0, "sensitivity": False, **given}
    found = {}
    for name, table in results.tables(analysis.prepare(corpus, make(options))).items():
        keys = KEYS.get(name)
        if keys:
            rows = table.filter(pl.col("technology") == "quantum").to_dicts()
            found[name] = {tuple(str(row[k]) for k in keys): row for row in rows}
            assert len(found[name]) == len(rows)
    return found


KEYS = {
    "countries": ("period", "country"),
    "coverage_by_country": ("period", "country", "direction"),
    "organisations": ("period", "organisation"),
    "references": ("period", "kind", "code"),
    "technologies": ("period",),
    "trend": ("country", "year"),
    "changes": ("country",),
    "coverage": ("period", "rule"),
    "benchmark": ("period", "country"),
}


# --- measurable -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "received", "measurable"),
    [  # located and not located at the other end
        ((1, 1), (1, 1), True),
        ((1, 2), (3, 0), False),
        ((3, 0), (1, 2), False),
        ((2, 1), (2, 1), True),
    ],
)
def test_half_of_the_links_of_both_directions_must_be_located(
    tmp_path: Path, given: tuple[int, int], received: tuple[int, int], measurable: bool
) -> None:
    """NL cites and is cited by known families of US and by families without a country."""
    nowhere = {"applicants": [("Q LTD", None)], "priority": ("EP", "2016-01-01")}
    cited = [record(10 + k, applicants=[("A INC", "US")]) for k in range(given[0])]
    cited += [record(20 + k, **nowhere) for k in range(given[1])]
    citing = [record(30 + k, applicants=[("A INC", "US")], cites=[1]) for k in range(received[0])]
    citing += [record(40 + k, cites=[1], **nowhere) for k in range(received[1])]
    ends = [10 + k for k in range(given[0])] + [20 + k for k in range(given[1])]
    found = tables_of(tmp_path, [record(1, cites=ends), *cited, *citing])
    cover = found["coverage_by_country"]
    for direction, (known, unknown) in (("given", given), ("received", received)):
        row = cover["all", "NL", direction]
        assert (row["located"], row["citations"]) == (known, known + unknown)
    assert found["countries"]["all", "NL"]["measurable"] is measurable


def test_received_citations_count_in_the_year_of_the_citing_family(tmp_path: Path) -> None:
    """NL is cited in 2017 by a located family and in 2022 by one that is not."""
    records = [
        record(1, published="2016-05-01"),
        record(2, published="2017-05-01", applicants=[("A INC", "US")], cites=[1]),
        record(3, published="2022-05-01", applicants=[("Q", None)], priority=("EP", "2020-01-01"),
               cites=[1]),
    ]  # fmt: skip
    found = tables_of(tmp_path, records)
    cover = found["coverage_by_country"]
    row = cover["2015-2020", "NL", "received"]
    assert (row["citations"], row["located"]) == (1, 1)
    row = cover["2021-2025", "NL", "received"]
    assert (row["citations"], row["located"]) == (1, 0)
    row = cover["all", "NL", "received"]
    assert (row["citations"], row["located"]) == (2, 1)
    assert ("2015-2020", "NL", "given") not in cover
    assert found["countries"]["2015-2020", "NL"]["measurable"] is True
    assert found["countries"]["2021-2025", "NL"]["measurable"] is False


# --- ranks ----------------------------------------------------------------------------------------


def test_a_better_rank_is_a_change_above_zero(tmp_path: Path) -> None:
    """NL is second of two by families before 2021 and first afterwards."""
    records = [
        record(1, published="2016-05-01"),
        *[record(k, published="2016-05-01", applicants=[("A", "US")]) for k in (2, 3)],
        *[record(k, published="2022-05-01") for k in (4, 5)],
        record(6, published="2022-05-01", applicants=[("A", "US")]),
    ]
    found = tables_of(tmp_path, records)["technologies"]
    assert [found[p,]["family_rank"] for p in ("2015-2020", "2021-2025", "all")] == [2, 1, 1]
    changes = [found[p,]["family_rank_change"] for p in ("2015-2020", "2021-2025", "all")]
    assert changes == [None, 1, None]
    turned = tables_of(tmp_path, records, focal="US")["technologies"]
    assert turned["2021-2025",]["family_rank_change"] == -1


@pytest.mark.parametrize("empty", ["2016", "2022"])
def test_a_rank_changes_only_where_the_country_is_there_both_times(
    tmp_path: Path, empty: str
) -> None:
    years = ["2016", "2022"]
    records = [
        record(k, published=f"{y}-05-01", applicants=[("A", "US")]) for k, y in enumerate(years, 1)
    ]
    records += [record(9, published=f"{y}-05-01") for y in years if y != empty]
    found = tables_of(tmp_path, records)["technologies"]
    assert [found[p,]["family_rank_change"] for p in ("2015-2020", "2021-2025")] == [None, None]


@pytest.mark.parametrize(("citing", "rank"), [(20, 1), (19, None)])
def test_a_rank_by_value_rests_on_twenty_citing_families(
    tmp_path: Path, citing: int, rank: int | None
) -> None:
    """A family of NL is cited by families of US, which nobody cites."""
    us = {"applicants": [("A INC", "US")], "cites": [1]}
    records = [record(1), *[record(10 + k, **us) for k in range(citing)]]
    found = tables_of(tmp_path, records)
    assert found["countries"]["all", "NL"]["value_rank"] == rank
    assert found["organisations"]["all", "FIRM"]["value_rank"] == rank
    assert found["countries"]["all", "US"]["value_rank"] is None


def test_one_period_has_no_change(tmp_path: Path) -> None:
    found = tables_of(tmp_path, [record(1)], periods="2015-2020")["technologies"]
    assert {row["family_rank_change"] for row in found.values()} == {None}


# --- organisations --------------------------------------------------------------------------------


def test_self_citations_are_those_of_families_of_the_technology_and_period(
    tmp_path: Path,
) -> None:
    """ALPHA cites itself twice in quantum, once in 2017 and once in 2022, and once elsewhere."""
    firm = {"applicants": [("ALPHA BV", "NL")]}
    records = [
        record(1, published="2016-05-01", **firm),
        record(2, published="2017-05-01", cites=[1], **firm),
        record(3, published="2022-05-01", cites=[1], **firm),
        record(4, published="2017-05-01", cites=[1], symbols=["A01B1/00"], **firm),
        record(5, published="2017-05-01", cites=[1], applicants=[("OMEGA BV", "NL")]),
    ]
    found = tables_of(tmp_path, records)["organisations"]
    assert {p: found[p, "ALPHA"]["self_citations"] for p in ("2015-2020", "2021-2025", "all")} == {
        "2015-2020": 1,
        "2021-2025": 1,
        "all": 2,
    }
    assert found["all", "OMEGA"]["self_citations"] == 0


def test_the_country_of_an_organisation_is_its_largest_and_the_first_code_of_a_tie(
    tmp_path: Path,
) -> None:
    records = [
        record(1, applicants=[("EVEN LTD", "NL")]),
        record(2, applicants=[("EVEN LTD", "BE")]),
        record(3, applicants=[("EVEN LTD", "DE")]),
        record(4, applicants=[("MORE LTD", "NL")]),
        record(5, applicants=[("MORE LTD", "NL")]),
        record(6, applicants=[("MORE LTD", "BE")]),
    ]
    found = tables_of(tmp_path, records)["organisations"]
    assert found["all", "EVEN"]["country"] == "BE"
    assert found["all", "MORE"]["country"] == "NL"


def test_shares_of_parties_decide_the_country_of_an_organisation(tmp_path: Path) -> None:
    """Two halves of families in NL weigh more than one third in BE, and persons do not count."""
    records = [
        record(1, applicants=[("FIRM LTD", "NL"), ("B INC", "US")]),
        record(2, applicants=[("FIRM LTD", "NL"), ("B INC", "US")]),
        record(3, applicants=[("FIRM LTD", "BE"), ("B INC", "US"), ("C KK", "JP")]),
    ]
    assert tables_of(tmp_path, records)["organisations"]["all", "FIRM"]["country"] == "NL"


# --- references -----------------------------------------------------------------------------------


# --- countries of families ------------------------------------------------------------------------


@pytest.mark.parametrize(("same", "other", "imputed"), [(9, 1, True), (8, 1, False), (10, 0, True)])
def test_a_residence_is_taken_from_elsewhere_where_nine_in_ten_agree(
    tmp_path: Path, same: int, other: int, imputed: bool
) -> None:
    """A family of FIRM without residence, whose other families are in NL, some in DE."""
    nowhere = {"priority": ("EP", "2016-01-01")}
    records = [record(1, applicants=[("FIRM LTD", None)], **nowhere)]
    records += [record(10 + k, applicants=[("FIRM LTD", "NL")], **nowhere) for k in range(same)]
    records += [record(30 + k, applicants=[("FIRM LTD", "DE")], **nowhere) for k in range(other)]
    found = tables_of(tmp_path, records)["countries"]
    assert found["all", "NL"]["families"] == same + imputed


# --- completeness ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("here", "stated", "missed"), [(4, 5, False), (3, 4, True), (5, 5, False)])
def test_values_are_marked_where_less_than_four_in_five_members_are_here(
    tmp_path: Path, here: int, stated: int, missed: bool
) -> None:
    members = range(1, here + 1)
    size = {"members": [{"lens_id": lens_id(m)} for m in members], "size": stated}
    records = [
        {**record(k, members=members, office=o), "families": {"simple_family": size}}
        for k, o in zip(members, ("EP", "US", "JP", "KR", "CN"), strict=False)
    ]
    row = tables_of(tmp_path, records)["technologies"]["all",]
    assert row["members_in_corpus"] == pytest.approx(here / stated)
    assert row["members_missed"] is missed


def test_technologies_without_stated_sizes_are_not_marked(tmp_path: Path) -> None:
    records = [{k: v for k, v in record(1).items() if k != "families"}]
    row = tables_of(tmp_path, records)["technologies"]["all",]
    assert (row["members_in_corpus"], row["members_missed"]) == (None, None)


# --- sets of countries ----------------------------------------------------------------------------


def test_ranks_of_a_benchmark_are_those_within_the_set(tmp_path: Path) -> None:
    sizes = {"US": 4, "CN": 3, "NL": 2, "DE": 1}
    records = [
        record(100 * i + k, applicants=[(f"{c} LTD", c)])
        for i, (c, n) in enumerate(sizes.items(), 1)
        for k in range(n)
    ]
    found = tables_of(tmp_path, records, benchmark="de us")["benchmark"]
    ranks = {key[1]: row["families_rank"] for key, row in found.items() if key[0] == "all"}
    assert ranks == {"US": 1, "NL": 2, "DE": 3}
    assert {k: r["families"] for k, r in found.items() if k[0] == "all"} == {
        ("all", "US"): 4,
        ("all", "NL"): 2,
        ("all", "DE"): 1,
    }


def test_one_citation_of_older_families_gives_a_rank_by_citations_and_none_by_families(
    tmp_path: Path,
) -> None:
    """A German family of 2010 is cited once; no family of DE lies in the years of the run."""
    records = [
        record(1, published="2010-06-01", applicants=[("F GMBH", "DE")]),
        record(2, cites=[1]),
    ]
    found = tables_of(tmp_path, records, benchmark="de us")["benchmark"]["all", "DE"]
    assert (found["families"], found["received"]) == (0, 1)
    ranks = ("families_rank", "family_share_rank", "received_rank", "balance_ratio_rank")
    assert [found[rank] for rank in ranks] == [None, None, 1, None]
    nobody = tables_of(tmp_path, records, focal="FR", benchmark="de us")["benchmark"]["all", "FR"]
    assert (nobody["received"], nobody["received_rank"]) == (0, None)


def test_overlap_counts_families_that_two_technologies_share(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text(
        "schema_version = 1\n"
        '[[technology]]\nid = "a"\ncpc = ["G06N10/"]\n'
        '[[technology]]\nid = "b"\ncpc = ["H01L21/"]\n',
        encoding="utf-8",
    )
    both = ["G06N10/00", "H01L21/02"]
    records = [
        record(1),
        record(2, symbols=both),
        record(3, symbols=both),
        record(4, symbols=both[1:]),
    ]
    corpus = read(write(tmp_path / "e.jsonl", records))
    study = analysis.prepare(corpus, make({"technologies": str(path)}))
    assert results.overlap_table(study).rows() == [("a", "a", 3), ("a", "b", 2), ("b", "b", 3)]


# --- coverage -------------------------------------------------------------------------------------


# --- over time ------------------------------------------------------------------------------------


def test_changes_are_those_from_the_first_to_the_last_period(tmp_path: Path) -> None:
    """NL holds 1 of 2 families, then 1 of 4, then 3 of 4; the last of them in May 2022."""
    held = {"2016": (1, 1), "2019": (1, 3), "2022": (3, 1)}
    records = [
        record(100 * i + 10 * j + k, published=f"{year}-05-01", applicants=[(f"{c} LTD", c)])
        for i, (year, sizes) in enumerate(held.items(), 1)
        for j, (c, n) in enumerate(zip(("NL", "US"), sizes, strict=True), 1)
        for k in range(n)
    ]
    found = tables_of(tmp_path, records, periods="2015-2017,2018-2020,2021-2025")
    row = found["changes"]["NL",]
    assert row["family_share_change"] == pytest.approx(3 / 4 - 1 / 2)
    assert row["family_share_relative"] == pytest.approx(1 / 2)
    assert row["truncated"] is True  # as the last period is, and the one before it is not
    one = tables_of(tmp_path, records, periods="2015-2017")
    assert one["changes"] == {}


def test_the_trend_counts_no_dropped_citation_and_no_value_without_citations(
    tmp_path: Path,
) -> None:
    """ALPHA of NL cites its own family of US; OMEGA of DE cites one of NL."""
    records = [
        record(1, published="2015-02-01", applicants=[("ALPHA", "US")]),
        record(2, published="2015-02-01", applicants=[("BETA", "NL")]),
        record(3, published="2016-02-01", applicants=[("ALPHA", "NL")], cites=[1]),
        record(4, published="2016-02-01", applicants=[("OMEGA", "DE")], cites=[2]),
        record(5, published="2025-12-01", applicants=[("OMEGA", "DE")]),
    ]
    kept = tables_of(tmp_path, records)["trend"]
    assert {c: kept[c, "2015"]["received_share"] for c in ("NL", "US")} == {"NL": 0.5, "US": 0.5}
    dropped = tables_of(tmp_path, records, self_citations="drop")["trend"]
    assert {c: dropped[c, "2015"]["received_share"] for c in ("NL", "US")} == {"NL": 1, "US": 0}
    assert kept["NL", "2016"]["value_share"] is not None
    silent = [record(k, published="2016-02-01") for k in (1, 2)]
    assert tables_of(tmp_path, silent)["trend"]["NL", "2016"]["value_share"] is None


# --- specialisation -------------------------------------------------------------------------------


def test_rca_takes_all_patenting_of_the_years_of_each_period(tmp_path: Path) -> None:
    """NL and US have one family each in every period; of all patenting NL has 1/5, then 1/2."""
    records = [
        record(10 * i + j, published=f"{year}-05-01", applicants=[(f"{c} LTD", c)])
        for i, year in enumerate(("2016", "2022"), 1)
        for j, c in enumerate(("NL", "US"), 1)
    ]
    totals = tmp_path / "totals.csv"
    rows = ("NL,10,2015", "US,40,2015", "NL,50,2023", "US,50,2023", "NL,999,2001")
    totals.write_text("\n".join(["country,families,year", *rows, ""]), encoding="utf-8")
    found = tables_of(tmp_path, records, totals=str(totals))["countries"]
    rca = {period: found[period, "NL"]["rca"] for period in ("2015-2020", "2021-2025", "all")}
    assert rca["2015-2020"] == pytest.approx((1 / 2) / (10 / 50))
    assert rca["2021-2025"] == pytest.approx((1 / 2) / (50 / 100))
    assert rca["all"] == pytest.approx((2 / 4) / (60 / 150))
    assert found["all", "NL"]["rca_within"] is None  # in a list of one it is 1 by construction


# --- other ways of counting -----------------------------------------------------------------------


def test_other_ways_are_counted_only_where_asked_for_and_not_around_one_country(
    tmp_path: Path,
) -> None:
    corpus = read(write(tmp_path / "e.jsonl", [record(1, cites=[2]), record(2)]))
    for given, wanted in (
        ({"sensitivity": False}, set()),
        ({"design": "focal"}, set()),
        ({}, {"sensitivity", "robustness"}),
    ):
        options = make({"technologies": str(QUANTUM), "draws": 0, **given})
        study = analysis.prepare(corpus, options)
        found = results.sensitivity_tables(study, results.tables(study))
        assert set(found) == wanted, given


def test_the_share_of_value_is_compared_where_there_are_citations(tmp_path: Path) -> None:
    """A family of NL is cited twice and one of DE once, all of one year and class."""
    homes = ("NL", "DE", "US", "US", "US")
    cites = ((), (), (1,), (1,), (2,))
    for cited in (True, False):
        records = [
            record(n, applicants=[(f"F{n} LTD", home)], cites=ends if cited else ())
            for n, (home, ends) in enumerate(zip(homes, cites, strict=True), start=1)
        ]
        options = make({"technologies": str(QUANTUM), "draws": 0})
        study = analysis.prepare(read(write(tmp_path / "e.jsonl", records)), options)
        found = results.tables(study)
        ways = results.sensitivity_tables(study, found)["sensitivity"]
        base = ways.filter("base", technology="quantum", indicator="value_share")
        row = found["countries"].filter(technology="quantum", period="all", country="NL")
        assert base["value"].to_list() == row["value_share"].to_list()
        assert (base["value"].null_count() == 0) == cited


@pytest.mark.parametrize("unknown", [1, 2])
def test_what_rests_on_citations_has_a_mark_only_where_half_of_them_are_located(
    tmp_path: Path, unknown: int
) -> None:
    """NL is cited by a family of the US, and cites one and one or two without a country."""
    nowhere = {"applicants": [("Q LTD", None)], "priority": ("EP", "2016-01-01")}
    records = [
        record(1, cites=[2, *(10 + k for k in range(unknown))]),
        record(2, applicants=[("A INC", "US")]),
        record(3, applicants=[("B INC", "US")], cites=[1]),
        *[record(10 + k, **nowhere) for k in range(unknown)],
    ]
    options = make({"technologies": str(QUANTUM), "draws": 0})
    study = analysis.prepare(read(write(tmp_path / "e.jsonl", records)), options)
    marks = results.sensitivity_tables(study, results.tables(study))["robustness"]
    of = dict(marks.filter(technology="quantum").select("indicator", "mark").iter_rows())
    assert (of["balance_ratio"] == "not measurable") == (unknown == 2)
    assert of["family_share"] != "not measurable"


def test_what_has_no_interval_is_not_called_robust_where_intervals_were_computed(
    tmp_path: Path,
) -> None:
    """NL holds two of three families, each way they are counted; so few have no interval."""
    records = [record(n, applicants=[(f"F{n}", c)]) for n, c in enumerate(("NL", "NL", "US"), 1)]
    options = make({"technologies": str(QUANTUM), "draws": 20})
    study = analysis.prepare(read(write(tmp_path / "e.jsonl", records)), options)
    found = results.tables(study)
    for without, mark in (((), "fragile"), (("indicators",), "robust")):
        some = {name: table for name, table in found.items() if name not in without}
        marks = results.sensitivity_tables(study, some)["robustness"]
        here = marks.filter(technology="quantum", indicator="family_share")
        assert here["mark"].to_list() == [mark]


@pytest.mark.parametrize("focal", ["NL", "EU27"])
def test_nothing_is_said_of_institutional_likeness_where_a_bloc_is_in_focus(
    tmp_path: Path, focal: str
) -> None:
    """NL and DE cite the US, in each of two periods."""
    records = [
        record(10 * k + j, published=f"{year}-05-01", applicants=[(f"F{j}", c)], cites=[10 * k])
        for k, year in enumerate((2016, 2022), 1)
        for j, c in enumerate(("US", "NL", "DE"))
    ]
    options = make({"technologies": str(QUANTUM), "draws": 20, "focal": focal})
    study = analysis.prepare(read(write(tmp_path / "e.jsonl", records)), options)
    found = results.tables(study)
    found |= results.sensitivity_tables(study, found)
    for name in ("indicators", "differences", "sensitivity", "robustness"):
        said = set(found[name]["indicator"])
        assert "balance_ratio" in said, name
        assert ("similarity" in said) == (focal == "NL"), name


def test_differences_between_periods_wait_for_the_last_period(tmp_path: Path) -> None:
    """Both technologies have them, for every pair of periods and not only those seen before."""
    path = tmp_path / "t.toml"
    path.write_text(
        "schema_version = 1\n"
        '[[technology]]\nid = "a"\ncpc = ["G06N10/"]\n'
        '[[technology]]\nid = "b"\ncpc = ["H01L21/"]\n',
        encoding="utf-8",
    )
    both = ["G06N10/00", "H01L21/02"]
    records = [
        record(10 * k + j, published=f"{year}-05-01", symbols=both, applicants=[(f"F{j}", c)])
        for k, year in enumerate((2016, 2019, 2022), 1)
        for j, c in enumerate(("NL", "NL", "US", "DE"))
    ]
    corpus = read(write(tmp_path / "e.jsonl", records))
    given = {"technologies": str(path), "draws": 20, "periods": "2015-2017,2018-2020,2021-2025"}
    found = results.tables(analysis.prepare(corpus, make(given)))["differences"]
    whole = found.filter((pl.col("period") == "all") & (pl.col("other_period") == "all"))
    assert set(found["technology"]) == set(whole["technology"]) == {"a", "b", "all"}
    own = found.filter((pl.col("country") == "NL") & (pl.col("other_country") == "NL"))
    periods = {p for t in ("a", "b") for p in own.filter(technology=t)["period"]}
    periods |= set(own["other_period"])
    assert {"2015-2017", "2018-2020", "2021-2025"} <= periods
    keys = ["technology", "indicator", "country", "period", "other_country", "other_period"]
    assert not found.select(keys).is_duplicated().any()
