"""The organisation left out for each indicator, against every organisation left out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from netpos import analysis
from netpos.analysis import without
from netpos.analysis.results import _rank_by_value, sensitivity_tables, tables
from netpos.analysis.without import without_one
from netpos.indicators.cells import Cells
from netpos.indicators.position import country_table
from netpos.indicators.robustness import GROUPS, RANK_OF, STATED
from netpos.ingest.corpus import read
from netpos.options import make
from netpos.tables import Links
from tests.analysis.test_sensitivity import SPAN, dirty_records, prepare, ranked, worth
from tests.lens import QUANTUM, record, write


def left_out(study: analysis.Study, firm: str | None) -> pl.DataFrame:
    """The table of countries of quantum from links without the families of a firm, by hand."""
    rest = np.ones(study.rows, dtype=bool)
    if firm is not None:
        gone = study.organisations.matrix[:, [study.organisations.names.index(firm)]]
        rest = ~(gone.toarray().ravel() > 0)
    inside = study.chosen("quantum", SPAN)
    member, pairs = study.member["quantum"], study.pairs

    def links(scope: str) -> Links:
        whole = study.links("quantum", SPAN, scope=scope)
        mask = inside[pairs.citing] & rest[pairs.citing] & rest[pairs.cited]
        if scope == "closed":
            mask &= member[pairs.cited]
        families = study.shares.matrix.T @ (inside & rest).astype(float)
        size = dict(zip(study.shares.names, families.tolist(), strict=True))
        nodes = whole.nodes.with_columns(
            families=pl.Series([size[n] for n in whole.nodes["node"]], dtype=pl.Float64)
        )
        return Links(nodes, study.spread.total(mask), "country")

    located = float((inside & rest & study.shares.located).sum())
    held = study.shares.matrix.T @ (worth(study) * (inside & rest))
    value = pl.DataFrame({"country": study.shares.names, "value_share": held / held.sum()})
    return country_table(
        links("closed"),
        links("citing"),
        focal="NL",
        year=study.year_of_membership,
        located=(located, 0.0),
    ).join(value, on="country", how="left")


def statement(name: str, row: dict, base: dict, rank: int | None) -> object:
    """What is said, written down a second time."""
    value = row[name]
    if value is None:
        return None
    if name in RANK_OF:
        return value > 0 and rank is not None and rank <= 10
    if name in GROUPS:
        return all(row[name] > row[g] + 1e-11 for g in GROUPS if g != name)
    if name == "balance_ratio":
        return (value > 1e-12) - (value < -1e-12)
    if name == "similarity":
        return value < 2
    if name == "source_effective":
        return 0.8 * base[name] <= value <= 1.2 * base[name]
    return value


def nl(table: pl.DataFrame) -> dict:
    return table.filter(pl.col("country") == "NL").row(0, named=True)


@pytest.mark.parametrize("seed", [6, 9])
def test_the_organisation_left_out_is_the_one_that_changes_the_indicator_most(
    tmp_path: Path, seed: int
) -> None:
    study = prepare(tmp_path, write(tmp_path / "a.jsonl", dirty_records(seed)))
    found = without_one(study, worth(study)).filter(pl.col("technology") == "quantum")
    whole = left_out(study, None)
    base = nl(whole)
    each = {firm: left_out(study, firm) for firm in study.organisations.names}
    own = study.shares.matrix[:, [study.shares.names.index("NL")]].toarray().ravel() > 0
    own &= study.chosen("quantum", SPAN)
    holders = {
        name
        for k, name in enumerate(study.organisations.names)
        if (study.organisations.matrix[:, [k]].toarray().ravel() > 0)[own].any()
    }
    named = set()
    for row in found.iter_rows(named=True):
        name, firm = row["indicator"], row["organisation"]
        assert row["abroad"] == (firm not in holders)
        tried = (
            each
            if name not in ("family_share", "value_share")
            else {k: v for k, v in each.items() if k in holders}
        )
        places = {k: ranked(v, name) if name != "near_core" else None for k, v in tried.items()}
        said = statement(name, base, base, None if name == "near_core" else ranked(whole, name))
        flips = {k for k, v in tried.items() if statement(name, nl(v), base, places[k]) != said}
        among = flips or set(tried)
        moved = {
            k: np.inf if nl(tried[k])[name] is None else abs(float(nl(tried[k])[name]) - base[name])
            for k in among
        }
        assert firm in among, name
        assert moved[firm] == pytest.approx(max(moved.values()), abs=1e-10), name
        value = nl(each[firm])[name]
        assert row["value"] == (None if value is None else pytest.approx(float(value), abs=2e-11))
        if name != "near_core":
            assert row["rank"] == places[firm]
        assert 0 < row["organisation_share"] <= 1
        named.add(firm)
    assert found["indicator"].to_list() == list(STATED)
    assert len(named) > 2  # not the same one for every indicator


def test_the_part_of_an_organisation_is_counted_by_hand(tmp_path: Path) -> None:
    records = [
        record(1, applicants=[("ALPHA", "NL")]),
        record(2, applicants=[("ALPHA", "NL"), ("BETA", "NL")]),
        record(3, applicants=[("BETA", "NL"), ("GAMMA", "DE")]),
        record(4, applicants=[("GAMMA", "DE")], cites=[1, 2, 3]),
        record(5, applicants=[("DELTA", "US")], cites=[1]),
        record(6, applicants=[("EPSILON", "US")], cites=[4]),
    ]
    corpus = read(write(tmp_path / "p.jsonl", records))

    def quantum(**given: object) -> dict[str, dict]:
        study = analysis.prepare(corpus, make({"technologies": QUANTUM[1], **given}))
        rows = without_one(study).filter(pl.col("technology") == "quantum").to_dicts()
        return {row["indicator"]: row for row in rows}

    of = quantum()
    # Dutch families 1 + 1 + .5; without ALPHA .5 of 4, without BETA 1 of 4
    size = of["family_share"]
    assert (size["organisation"], size["organisation_share"]) == ("ALPHA", 0.8)
    assert size["value"] == pytest.approx(0.5 / 4)
    # received from abroad: NL 1 + 1 + .5 and 1, DE 1; without ALPHA .5 of 1.5, without GAMMA 1 of 1
    cited = of["received_share"]
    assert (cited["organisation"], cited["abroad"]) == ("ALPHA", False)
    assert cited["organisation_share"] == pytest.approx(3 / 3.5)
    assert cited["value"] == pytest.approx(0.5 / 1.5)
    # the first of the countries: German families .5 + 1, all with GAMMA
    size = quantum(focal="DE")["family_share"]
    assert (size["organisation"], size["organisation_share"], size["value"]) == ("GAMMA", 1, 0)


@pytest.mark.parametrize(("choice", "part"), [("keep", 2 / 3), ("drop", 1 / 2)])
def test_citations_within_an_organisation_are_sources_where_the_run_counts_them(
    tmp_path: Path, choice: str, part: float
) -> None:
    """ALPHA cites its own family of US and one of DE, BETA one of JP: of two or three sources
    one is left without ALPHA.
    """
    records = [
        record(1, applicants=[("ALPHA BV", "NL")], cites=[2, 3]),
        record(2, applicants=[("ALPHA INC", "US")]),
        record(3, applicants=[("OTHER GMBH", "DE")]),
        record(4, applicants=[("BETA BV", "NL")], cites=[5]),
        record(5, applicants=[("THIRD KK", "JP")]),
    ]
    options = make({"technologies": QUANTUM[1], "self_citations": choice})
    study = analysis.prepare(read(write(tmp_path / "s.jsonl", records)), options)
    found = without_one(study).filter(technology="quantum", indicator="source_effective")
    row = found.row(0, named=True)
    assert (row["organisation"], row["value"]) == ("ALPHA", 1.0)
    assert row["organisation_share"] == pytest.approx(part)


@pytest.mark.parametrize("cited", [(21, 22), ()])
def test_one_organisation_abroad_that_cites_is_named_as_abroad(
    tmp_path: Path, cited: tuple[int, ...]
) -> None:
    """Whether it is cited itself, by another country, does not matter."""
    records = [record(k, applicants=[(f"DUTCH {k} BV", "NL")]) for k in range(1, 7)]
    records += [
        record(20 + k, applicants=[("GIANT INC", "US")], cites=range(1, 7)) for k in range(3)
    ]
    records += [record(30, applicants=[("SMALL GMBH", "DE")], cites=cited)]
    records += [record(40 + k, applicants=[(f"DUTCH {k} BV", "NL")], cites=[30]) for k in (1, 2)]
    options = make({"technologies": QUANTUM[1]})
    study = analysis.prepare(read(write(tmp_path / "g.jsonl", records)), options)
    found = without_one(study).filter(pl.col("indicator") == "balance_ratio")
    row = found.filter(pl.col("technology") == "quantum").row(0, named=True)
    # 18 received, all from one firm, and 2 given: 16 / 20; without it nothing but the 2
    assert (row["organisation"], row["abroad"], row["value"]) == ("GIANT", True, -1.0)
    assert row["organisation_share"] == pytest.approx(18 / 20)


#: Countries that cite, besides the Netherlands.
OTHERS = ("US", "JP", "CN", "DE", "FR", "GB", "KR", "IT", "SE", "CH", "CA", "ES")


def one_cited_firm() -> list[dict]:
    """A Dutch firm of eight families never cited, and one of three with every citation."""
    records = [record(k, applicants=[("LARGE BV", "NL")]) for k in range(1, 9)]
    records += [record(k, applicants=[("CITED BV", "NL")]) for k in range(9, 12)]
    for at, country in enumerate(OTHERS):
        first = 100 + 10 * at
        near = 100 + 10 * ((at + 1) % len(OTHERS))
        records += [
            record(first + k, applicants=[(f"{country} {k}", country)], cites=[9, 10, 11, near + k])
            for k in range(5)
        ]
    return records


def test_a_first_rank_that_hangs_on_a_small_cited_firm_names_that_firm(tmp_path: Path) -> None:
    options = make({"technologies": QUANTUM[1], "draws": 50})
    study = analysis.prepare(read(write(tmp_path / "n.jsonl", one_cited_firm())), options)
    found = tables(study)
    marks = sensitivity_tables(study, found)["robustness"]
    of = {r["indicator"]: r for r in marks.filter(pl.col("technology") == "quantum").to_dicts()}
    cited = of["received_share"]
    assert (cited["rank"], cited["mark"], cited["organisation"]) == (1, "firm-driven", "CITED")
    assert (cited["rank_without"], cited["value_without"]) == (13, 0.0)
    assert cited["organisation_share"] == 1.0
    assert "firm" in cited["reason"]
    assert of["family_share"]["organisation"] == "LARGE"


def test_the_core_is_tried_for_the_organisations_that_carry_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = prepare(tmp_path, write(tmp_path / "a.jsonl", dirty_records(6)))
    every = without_one(study).filter(pl.col("indicator") == "near_core")
    monkeypatch.setattr(without, "CORE_TRIED", 3)
    # with few countries there is time for all
    assert without_one(study).filter(pl.col("indicator") == "near_core").equals(every)
    monkeypatch.setattr(without, "CORE_WORK", 0)
    few = without_one(study).filter(pl.col("indicator") == "near_core")
    assert few.equals(every)  # the one that matters most is among the three with most


@pytest.mark.parametrize(("least", "work", "tried"), [(3, 5 * 6**3, 5), (7, 0, 7), (99, 0, 14)])
def test_more_are_tried_for_the_core_where_countries_are_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int, work: int, tried: int
) -> None:
    """Fourteen organisations, and six countries: so many cubes are counted as work."""
    study = prepare(tmp_path, write(tmp_path / "a.jsonl", dirty_records(6)))
    monkeypatch.setattr(without, "CORE_TRIED", least)
    monkeypatch.setattr(without, "CORE_WORK", work)
    made, original = [], without.focal.of_core

    def spied(cells: Cells, values: np.ndarray, families: np.ndarray, *rest: Any) -> Any:
        made.append(families.shape)
        return original(cells, values, families, *rest)

    monkeypatch.setattr(without.focal, "of_core", spied)
    without_one(study)
    assert {shape[1:] for shape in made} == {(6,)}
    assert max(shape[0] for shape in made) == tried


@pytest.mark.parametrize(("symbol", "core"), [("A01B1/00", False), ("G06N10/20", True)])
def test_a_core_needs_a_third_country_of_the_technology(
    tmp_path: Path, symbol: str, core: bool
) -> None:
    """NL and the US cite one another; the German family is in no technology, or in this one."""
    records = [
        record(1, applicants=[("DUTCH BV", "NL")], cites=[2]),
        record(2, applicants=[("US INC", "US")], cites=[1]),
        record(3, applicants=[("F GMBH", "DE")], symbols=[symbol]),
    ]
    options = make({"technologies": QUANTUM[1]})
    study = analysis.prepare(read(write(tmp_path / "t.jsonl", records)), options)
    assert study.shares.names == ["DE", "NL", "US"]
    found = without_one(study).filter(technology="quantum", indicator="near_core")
    assert (found["organisation"].null_count() == 0) == core


def test_a_value_that_is_not_known_adds_nothing(tmp_path: Path) -> None:
    study = prepare(tmp_path, write(tmp_path / "a.jsonl", dirty_records(6)))
    zero, unknown = worth(study), worth(study)
    zero[::5], unknown[::5] = 0.0, np.nan
    found = without_one(study, unknown)
    assert found.equals(without_one(study, zero))
    values = found.filter(indicator="value_share")["value"]
    assert values.null_count() == 0
    assert values.is_finite().all()


def test_of_a_country_that_is_not_there_nobody_is_left_out(tmp_path: Path) -> None:
    export = write(tmp_path / "a.jsonl", dirty_records(6))
    found = without_one(prepare(tmp_path, export, focal="BR"))
    assert found["organisation"].null_count() == found.height > 0
    assert found["organisation_share"].sum() == 0


def test_without_organisations_nothing_is_left_out(tmp_path: Path) -> None:
    records = [
        record(k, applicants=[("SMITH JOHN", "NL")], inventors=[("SMITH JOHN", "NL")])
        for k in (1, 2)
    ]
    study = prepare(tmp_path, write(tmp_path / "p.jsonl", records))
    assert study.organisations.names == []
    found = without_one(study).filter(pl.col("technology") == "quantum")
    assert found["organisation"].to_list() == [None] * len(STATED)
    assert found["organisation_share"].to_list() == [0.0] * len(STATED)


def test_a_rank_by_value_is_as_sure_as_the_draws_leave_it() -> None:
    focal = pl.DataFrame(
        {
            "technology": ["a", "b", "c"],
            "period": "all",
            "country": "NL",
            "value_rank": [4, None, 7],
        }
    )
    drawn = pl.DataFrame(
        {
            "technology": ["a", "b", "c"],
            "period": "all",
            "country": "NL",
            "indicator": "value_share",
            "value": [0.1, 0.1, 0.1],
            "low": [0.09, 0.01, None],
            "high": [0.12, 0.4, None],
            "reason": [None, None, "one_firm"],
        }
    )
    found = _rank_by_value(drawn, focal).sort("technology")
    assert found["indicator"].to_list() == ["value_rank"] * 3
    assert found.select("low", "high").rows() == [(4.0, 4.0), (None, None), (None, None)]
    assert found["reason"].to_list() == ["interval", "interval", "one_firm"]
    assert _rank_by_value(drawn.with_columns(low=pl.lit(None, pl.Float64)), focal).height == 0


def test_a_country_that_is_cited_only_and_has_no_families_is_among_those_compared(
    tmp_path: Path,
) -> None:
    """NL cites Brazil and Korea from quantum; Brazil has families of other technologies alone."""
    records = [
        record(1, applicants=[("DUTCH BV", "NL")], cites=[2, 3], symbols=["G06N10/00"]),
        record(2, applicants=[("BRAZIL SA", "BR")], symbols=["G06N3/08"]),
        record(3, applicants=[("KOREA CO", "KR")], symbols=["G06N10/00"]),
        record(4, applicants=[("CHILE SA", "CL")], symbols=["G06N3/08"]),
    ]
    study = prepare(tmp_path, write(tmp_path / "a.jsonl", records))
    left = without._Left(study, "quantum", None)
    assert left.names == ["BR", "KR", "NL"]
    links = left.sources
    assert {study.shares.names[k] for k in links.cited} == {"BR", "KR"}
