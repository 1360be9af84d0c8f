"""How often a family is cited, against families of its age and technology."""

from __future__ import annotations

import random

import numpy as np
import polars as pl
import pytest

from netpos.indicators.value import (
    relevance,
)


def test_relevance_has_mean_one_in_every_full_cell() -> None:
    pick = np.random.default_rng(1)
    year = np.repeat([2016.0, 2017.0, 2018.0], 40)
    cited = np.concatenate([pick.poisson(m, 40) for m in (3, 1, 0.2)]).astype(float)
    found = relevance(cited, year, {"x": np.ones(120, dtype=bool)})
    assert not found["pooled"].any()
    means = (
        found.with_columns(year=pl.Series(year)).group_by("year").agg(pl.col("relevance").mean())
    )
    assert means["relevance"].to_list() == pytest.approx([1.0] * 3, abs=1e-12)


def plain_relevance(
    cited: list[float], years: list[float], fields: dict[str, list[bool]]
) -> dict[int, tuple[float | None, bool]]:
    out: dict[int, tuple[float | None, bool]] = {}
    for f in range(len(cited)):
        own = [name for name, inside in fields.items() if inside[f]]
        if not own:
            continue
        expected, wide = [], False
        for name in own:
            if years[f] != years[f]:
                continue
            cell = [k for k in range(len(cited)) if fields[name][k] and years[k] == years[k]]
            for reach in range(100):
                near = [k for k in cell if abs(years[k] - years[f]) <= reach]
                if len(near) >= 30 or len(near) == len(cell):
                    break
            wide |= len(near) > sum(years[k] == years[f] for k in cell)
            expected.append(sum(cited[k] for k in near) / len(near))
        if not expected:
            out[f] = (None, False)
            continue
        norm = sum(expected) / len(expected)
        if not any(c for name in own for c, k in zip(cited, fields[name], strict=True) if k):
            out[f] = (0.0, wide)
        else:
            short = max(0.0, 1 - norm)
            out[f] = ((cited[f] + short) / (norm + short), wide)
    return out


@pytest.mark.parametrize("seed", range(4))
def test_relevance_equals_plain_loops_with_small_cells_and_several_technologies(seed: int) -> None:
    pick = random.Random(seed)
    n = 200
    cited = [float(pick.choice([0, 0, 1, 2, 5])) for _ in range(n)]
    years = [pick.choice([2001.0, 2009.0, 2010.0, 2010.0, 2011.0, 2020.0]) for _ in range(n)]
    years[3] = float("nan")
    fields = {t: [pick.random() < p for _ in range(n)] for t, p in (("a", 0.6), ("b", 0.1))}
    found = relevance(np.array(cited), np.array(years), {t: np.array(f) for t, f in fields.items()})
    expected = plain_relevance(cited, years, fields)
    assert found["family"].to_list() == sorted(expected)
    for row in found.iter_rows(named=True):
        value, wide = expected[row["family"]]
        if value is None:
            assert row["relevance"] is row["expected"] is None
        else:
            assert row["relevance"] == pytest.approx(value, abs=1e-12)
            assert row["pooled"] == wide


@pytest.mark.parametrize(("size", "alone"), [(30, True), (29, False)])
def test_a_year_of_thirty_families_is_its_own_norm_and_one_of_fewer_is_not(
    size: int, alone: bool
) -> None:
    cited = np.array([2.0] * size + [32.0])
    year = np.array([2015.0] * size + [2016.0])
    found = relevance(cited, year, {"ai": np.ones(size + 1, dtype=bool)})
    assert found["pooled"][0] is (not alone)
    assert found["expected"][0] == pytest.approx(2 if alone else 3, rel=1e-12)  # (58 + 32) / 30


def test_one_citation_to_a_young_family_is_not_worth_a_cell() -> None:
    # 30 families of 2015 with 8 citations each; of the 30 of 2023 one is cited, once
    cited = np.array([8.0] * 30 + [1.0] + [0.0] * 29)
    year = np.repeat([2015.0, 2023.0], 30)
    found = relevance(cited, year, {"x": np.ones(60, dtype=bool)})
    assert found["expected"][30] == pytest.approx(1 / 30, rel=1e-12)
    assert found["relevance"].to_list() == pytest.approx(
        [1.0] * 30 + [1 + 29 / 30] + [29 / 30] * 29, rel=1e-12
    )
    assert found["shrunk"].to_list() == [False] * 30 + [True] * 30
    # nor does the first citation of a cell raise the others: 29 of 30, for 1 before
    without = relevance(np.where(year == 2023, 0.0, cited), year, {"x": np.ones(60, dtype=bool)})
    assert without["relevance"].to_list() == [1.0] * 60
    assert without["uncited"].to_list() == [False] * 30 + [True] * 30


def test_relevance_has_no_step_at_one_expected_citation() -> None:
    found = []
    for total in (29, 30, 31):
        cited = np.zeros(30)
        cited[:total] = 1.0
        cited[0] += total - cited.sum()
        table = relevance(cited, np.full(30, 2018.0), {"x": np.ones(30, dtype=bool)})
        found.append(table["relevance"][1])
    assert found == pytest.approx([1 + 1 / 30, 1.0, 30 / 31], rel=1e-12)


def test_where_nobody_is_cited_relevance_is_zero_and_flagged() -> None:
    found = relevance(np.zeros(3), np.full(3, 2018.0), {"x": np.ones(3, dtype=bool)})
    assert found["relevance"].to_list() == [0.0] * 3
    assert found["uncited"].all()
