"""Bounds hold whichever way the open citations go, and some way reaches each of them."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import polars as pl
import pytest

from netpos import analysis
from netpos.analysis.bounds import bounds
from netpos.analysis.coverage import country_coverage
from netpos.analysis.results import tables
from netpos.analysis.study import Study
from netpos.ingest.corpus import read
from netpos.options import make
from tests.lens import QUANTUM, record, write

SPAN = (2015, 2025)
EU = {"NL", "DE"}
OECD_NATO = {"US"}
EVERYWHERE = ["NL", "DE", "US", "CN"]


def corpus(folder: Path, seed: int) -> Study:
    """Families of four countries, a third without one, that cite each other and are cited."""
    pick = random.Random(seed)
    records = []
    for n in range(1, 13):
        home = pick.choice(EVERYWHERE) if pick.random() < 0.7 else None
        firm = [(f"FIRM {n}", home)]
        year = pick.randint(2010, 2020)
        records.append(
            record(
                n,
                published=f"{year}-06-01",
                applicants=firm,
                priority=("EP", "2008-01-01"),
                symbols=["G06N10/00"] if n < 11 else ["A01B1/00"],
                cites=pick.sample(
                    [k for k in [*range(1, 13), 70, 71] if k != n], pick.randint(0, 4)
                ),
                cited_by=pick.sample([80, 81, 82], pick.randint(0, 2)),
            )
        )
    path = write(folder / "x.jsonl", records)
    return analysis.prepare(read(path), make({"technologies": QUANTUM[1], "draws": 0}))


def countries_of(study: Study) -> list[str | None]:
    """The country of each family and document; these corpora have one at most."""
    names, matrix = study.shares.names, study.shares.matrix
    first = matrix.indptr.tolist()
    return [
        names[matrix.indices[first[f]]] if first[f + 1] > first[f] else None
        for f in range(study.rows)
    ]


def of_closing(study: Study, mine: str, pick: random.Random) -> dict[str, float]:
    """Indicators of a country where each open citation leads somewhere, in plain loops.

    Each open citation may be one of the technology and the span or not, as long as what is known
    of it allows that. Where no end is of the country, it is not either.
    """
    country, inside, years = countries_of(study), study.member["quantum"], study.years
    lean = pick.choice([*EVERYWHERE, None])  # now and then all lead to one country
    sources: dict[str, int] = defaultdict(int)
    received, given, total = 0, 0, 0
    for f, g in zip(study.pairs.citing.tolist(), study.pairs.cited.tolist(), strict=True):
        i, j = country[f], country[g]
        is_open = i is None or j is None
        own = mine in (i, j)
        elsewhere = [c for c in EVERYWHERE if own or c != mine]
        i = i or (lean if lean in elsewhere else pick.choice(elsewhere))
        j = j or (lean if lean in elsewhere else pick.choice(elsewhere))
        dated = f >= study.families or SPAN[0] <= years[f] <= SPAN[1]
        if dated and f < study.families and inside[f] and i == mine != j:
            sources[j] += 1
        certain = dated and inside[f] and inside[g]
        possible = dated and is_open and (inside[g] if country[g] == mine else inside[f])
        if certain or (possible and own and pick.random() < 0.7):
            received += j == mine != i
            given += i == mine != j
            total += i != j
    whole = sum(sources.values())
    found = {
        "share_eu": sum(w for c, w in sources.items() if c in EU),
        "share_oecd_nato": sum(w for c, w in sources.items() if c in OECD_NATO),
    }
    found["share_other"] = whole - sum(found.values())
    shares = {name: value / whole for name, value in found.items()} if whole else {}
    if received + given:
        shares["balance_ratio"] = (received - given) / (received + given)
    if total:
        shares["received_share"] = received / total
    return shares


@pytest.mark.parametrize("seed", range(6))
def test_the_bounds_hold_whichever_way_open_citations_go(tmp_path: Path, seed: int) -> None:
    study = corpus(tmp_path, seed)
    table = tables(study)["countries"].filter(
        (pl.col("technology") == "quantum") & (pl.col("period") == "all")
    )
    found = bounds(
        study,
        "quantum",
        SPAN,
        table,
        by_country=country_coverage(study, "quantum", SPAN),
        citing=study.links("quantum", SPAN, scope="citing"),
    ).drop_nulls("value")
    assert (found["low"] <= found["value"] + 1e-9).all()
    assert (found["value"] <= found["high"] + 1e-9).all()
    pick = random.Random(seed)
    checked = 0
    for mine in found["country"].unique(maintain_order=True):
        rows = found.filter(pl.col("country") == mine).to_dicts()
        for _ in range(200):
            closing = of_closing(study, mine, pick)
            for row in rows:
                value = closing.get(row["indicator"])
                if value is not None:
                    assert row["low"] - 1e-9 <= value <= row["high"] + 1e-9, row
                    checked += 1
    assert checked > 1000


def test_without_open_citations_the_bounds_are_the_value(tmp_path: Path) -> None:
    firm = [("A", "NL")], [("B", "US")]
    path = write(
        tmp_path / "x.jsonl",
        [
            record(1, published="2012-01-01", applicants=firm[0]),
            record(2, published="2018-01-01", applicants=firm[1], cites=[1]),
            record(3, published="2019-01-01", applicants=firm[0], cites=[2, 1]),
        ],
    )
    study = analysis.prepare(read(path), make({"technologies": QUANTUM[1], "draws": 0}))
    found = tables(study)["bounds"]
    known = found.drop_nulls("value")
    assert known.height
    assert known["low"].to_list() == known["value"].to_list() == known["high"].to_list()


def test_the_worked_example_reaches_both_ends(tmp_path: Path) -> None:
    """NL receives 4 and gives 2; 3 given and 2 received are open."""
    own, foreign = [("A", "NL")], [("B", "US")]
    nowhere = {"applicants": [("C", None)], "priority": ("EP", "2008-01-01")}
    path = write(
        tmp_path / "x.jsonl",
        [
            record(1, published="2012-01-01", applicants=own, cited_by=[90, 91]),
            record(2, published="2012-01-01", applicants=foreign),
            *(
                record(n, published="2018-01-01", applicants=foreign, cites=[1])
                for n in (3, 4, 5, 6)
            ),
            record(7, published="2018-01-01", applicants=own, cites=[2, 3, 80, 81, 8]),
            record(8, published="2012-01-01", **nowhere),
        ],
    )
    study = analysis.prepare(read(path), make({"technologies": QUANTUM[1], "draws": 0}))
    found = tables(study)["bounds"].filter(
        (pl.col("technology") == "quantum")
        & (pl.col("period") == "all")
        & (pl.col("country") == "NL")
    )
    rows = {r["indicator"]: (r["value"], r["low"], r["high"]) for r in found.iter_rows(named=True)}
    assert rows["balance_ratio"] == pytest.approx((1 / 3, -1 / 9, 1 / 2))
    assert rows["share_oecd_nato"] == pytest.approx((1.0, 2 / 5, 1.0))
    assert rows["share_eu"] == pytest.approx((0.0, 0.0, 3 / 5))
    # 4 of 6 received; one link leads to a family of the technology without a country
    assert rows["received_share"] == pytest.approx((4 / 6, 4 / 7, 6 / 8))
