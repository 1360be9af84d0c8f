"""Sums by organisation and country, some organisations at a time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from netpos.graph.links import Rows
from netpos.indicators import compiled, holdings, influence
from netpos.indicators.holdings import Column, Ends, Holders, Holdings, Sums, pieces
from netpos.indicators.resampling import Bilinear
from tests.indicators.plain import in_full, made_up, ready


def test_holdings_of_one_country_alone_are_summed_by_holder() -> None:
    holder, amount = np.array([4, 1, 4]), np.array([1.0, 2.0, 5.0])
    found = Holdings.of(holder, np.zeros(3, dtype=np.int64), 1, amount)
    assert found.holder.tolist() == found.code.tolist() == [1, 4]
    assert found.country.tolist() == [0, 0]
    assert found.amounts[0].tolist() == [2.0, 6.0]
    count = Holders(1)
    count.add(found)
    assert (count.amounts.tolist(), count.number.tolist()) == ([8.0], [2.0])
    assert count.effective.tolist() == [64 / 40]


def test_sums_have_the_same_digits_in_however_many_parts() -> None:
    some = np.random.default_rng(3)
    group, values = some.integers(0, 4, 999), some.lognormal(0, 4, 999)
    sums = Sums(4)
    for part in np.split(np.arange(999), [1, 5, 300, 300, 998]):
        sums.add(group[part], values[part])
    assert sums.values.tobytes() == np.bincount(group, values, 4).tobytes()


@pytest.mark.parametrize("full", [False, True])
def test_errors_have_the_same_digits_however_many_organisations_are_taken_at_a_time(
    monkeypatch: pytest.MonkeyPatch, *, full: bool
) -> None:
    case = made_up(2, families=120, pairs=500)
    corpus = ready(in_full(case) if full else case)
    whole = corpus.resample(draws=1)
    monkeypatch.setattr(influence, "_MANY", 0)  # sums over pairs beside those over organisations
    for size in (1, 7, 50):
        monkeypatch.setattr(holdings, "_AT_ONCE", size)
        found = corpus.resample(draws=1)
        assert found.lost.tobytes() == whole.lost.tobytes()
        assert set(found.precision) == set(whole.precision)
        for name, precision in found.precision.items():
            for mine, theirs in zip(precision, whole.precision[name], strict=True):
                assert mine.tobytes() == theirs.tobytes(), name


def links_of(units: int, rows: int, seed: int) -> tuple[Bilinear, csr_array]:
    """Links between units of one to three organisations, the first of which has most."""
    some = np.random.default_rng(seed)
    first = np.minimum(some.geometric(0.02, rows), units) - 1
    ends = [some.permutation(first).astype(np.int32), first.astype(np.int32)]
    cell = some.integers(0, 9, rows).astype(np.int32)
    shared = some.random((units, 40)) * (some.random((units, 40)) < 0.04)
    shared[:, 0] = np.where(np.arange(units) % 3, 0.1, 1.0)
    return Bilinear(cell, *ends, some.lognormal(0, 9, rows), 9), csr_array(shared)


@pytest.fixture(params=["compiled", "numpy"])
def _in_both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sum in compiled code or with NumPy."""
    if request.param == "numpy":
        monkeypatch.setenv("NETPOS_DRAWS", "0")
    elif not compiled.available():
        pytest.skip("netpos was installed without its compiled draws")


@pytest.fixture(params=[50, 1 << 16])
def _at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdings, "_AT_ONCE", request.param)


@pytest.mark.usefixtures("_in_both_ways", "_at_once")
def test_sums_by_organisation_and_pair_have_the_digits_of_numpy_and_of_single_rows() -> None:
    links, parts = links_of(60, 4000, seed=5)
    some = np.random.default_rng(6)
    country = some.integers(0, 5, 4000).astype(np.int32)
    wide = some.integers(0, 70_000, 4000).astype(np.int32)  # of pairs of countries
    factor = some.random(5)
    ends, shared = Ends.of(links, parts), parts.toarray()

    def rows_of(unit: Rows, column: Rows, times: np.ndarray) -> list[tuple[int, int, float]]:
        return [
            (k, column[e], links.amount[e] * shared[unit[e], k] * times[column[e]])
            for e in range(4000)
            for k in np.flatnonzero(shared[unit[e]])
        ]

    one = np.ones(70_000)
    for of, columns, rows in (
        (
            [Column(0, country, factor), Column(1, country), Column(0, country)],
            5,
            [
                *rows_of(links.citing, country, factor),
                *rows_of(links.cited, country, one),
                *rows_of(links.citing, country, one),
            ],
        ),
        ([Column(1, wide)], 70_000, rows_of(links.cited, wide, one)),
    ):
        sums: dict[tuple[int, int], float] = {}
        own = np.zeros(40)
        for piece in pieces(*ends.both):
            held, mine = piece.held(of, columns)
            own[piece.first : piece.first + piece.number] = mine
            keys = zip((held.holder + piece.first).tolist(), held.country.tolist(), strict=True)
            sums |= dict(zip(keys, held.amounts[0].tolist(), strict=True))
        want: dict[tuple[int, int], list[float]] = {}
        for holder, column, amount in rows:
            want.setdefault((holder, int(column)), []).append(amount)
        longest = max(map(len, want.values()))
        assert (longest > 300) == (columns == 5)
        assert sums == {key: np.add.reduceat(np.array(x), [0])[0] for key, x in want.items()}
        if columns == 70_000:
            every = np.zeros(40)
            for holder, _, amount in rows:
                every[holder] += amount
            assert own.tobytes() == every.tobytes()


@pytest.mark.usefixtures("_in_both_ways", "_at_once")
def test_links_of_two_units_are_summed_whichever_cites() -> None:
    links, parts = links_of(60, 4000, seed=8)
    some = np.random.default_rng(9)
    country, other = (some.integers(0, 5, 4000).astype(np.int32) for _ in range(2))
    factor = -some.random(5)
    of = [Column(0, country), Column(0, other, factor)]
    pairs = sorted({(min(e), max(e)) for e in zip(links.citing, links.cited, strict=True)})
    number = {pair: k for k, pair in enumerate(pairs)}
    want: dict[tuple[int, int], list[float]] = {}
    own = np.zeros(len(pairs))
    for column, times in ((country, np.ones(5)), (other, factor)):
        for e in range(4000):
            ends = int(links.citing[e]), int(links.cited[e])
            at = number[min(ends), max(ends)]
            amount = links.amount[e]
            want.setdefault((at, int(column[e])), []).append(amount * times[column[e]])
            own[at] += amount
    found: dict[tuple[int, int], float] = {}
    whole: list[np.ndarray] = []
    for piece in Ends.of(links, parts).dyads.pieces():
        held, mine = piece.held(of, 5)
        keys = zip(
            (held.holder + sum(map(len, whole))).tolist(), held.country.tolist(), strict=True
        )
        found |= dict(zip(keys, held.amounts[0].tolist(), strict=True))
        whole.append(mine)
    assert max(map(len, want.values())) > 8
    assert found == {key: np.add.reduceat(np.array(x), [0])[0] for key, x in want.items()}
    assert np.concatenate(whole).tobytes() == own.tobytes()


@pytest.mark.skipif(
    not compiled.available(), reason="netpos was installed without its compiled draws"
)
def test_links_without_a_column_or_out_of_order_are_refused() -> None:
    links, parts = links_of(60, 4000, seed=5)
    ends = Ends.of(links, parts)
    column = np.zeros(4000, dtype=np.int32)
    row, of = (ends.citing.entry, ends.citing.place), (column, links.amount)
    code, _, own = compiled.by_holder([compiled.Stream(*row, *of)], parts, 0, 40, 1)
    assert code.size == np.unique(ends.citing.holders()).size
    assert own.size == 40
    odd = np.where(np.arange(4000) == ends.citing.entry[-1], -1, 0).astype(np.int32)
    dyads = ends.dyads.entry
    for refused in (
        lambda: compiled.by_holder([compiled.Stream(*row, odd, of[1])], parts, 0, 40, 1),
        lambda: compiled.by_holder([compiled.Stream(*row, *of)], parts, 1, 39, 1),
        lambda: compiled.by_holder([compiled.Stream(*row, *of)], parts, 0, 20, 1),
        lambda: compiled.by_holder([compiled.Stream(row[0], row[1][::-1], *of)], parts, 0, 40, 1),
        lambda: compiled.by_holder([compiled.Stream(*row, *of)] * 9, parts, 0, 40, 1),
        lambda: compiled.by_pair(
            [compiled.Stream(dyads, dyads, odd, of[1])], links.citing, links.cited, 1
        ),
    ):
        with pytest.raises(IndexError):
            refused()
