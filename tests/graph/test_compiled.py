"""What is compiled of links does what NumPy does, to the digit, and refuses what it cannot read."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest
from scipy.sparse import csr_array

from netpos.graph import compiled
from netpos.graph.entries import Products, entries, stored
from netpos.graph.links import Citations, Shares, Spread, gathered
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(
    not compiled.available(), reason="netpos was installed without what is compiled of links"
)


#: Of the heads of exported functions. When they change: raise LAYOUT in compiled.py and in sums.c,
#: and write the new number and digest here.
KNOWN = (3, "405a52b2108218ad")


def test_the_layout_number_goes_up_when_a_function_changes() -> None:
    """A library of another version would else be called with the wrong arguments."""
    source = (ROOT / "netpos" / "graph" / "native" / "sums.c").read_text(encoding="utf-8")
    bare = re.sub(r"/\*.*?\*/", " ", source, flags=re.DOTALL).replace("\\\n", " ")
    heads = re.findall(r"EXPORTED int64_t (\w+\([^)]*\)) \{", bare)
    heads += re.findall(r"^GATHER\(\w+, \w+\)", bare, flags=re.MULTILINE)
    names = {re.split(r"[(,]", head.removeprefix("GATHER("))[0] for head in heads} - {"name"}
    assert names == set(compiled._FUNCTIONS)
    for name, given in compiled._FUNCTIONS.items():
        head = next((h for h in heads if h.startswith(f"{name}(")), heads[0])
        assert len(head.split(",")) == len(given), name
    digest = hashlib.sha256(" ".join(" ".join(heads).split()).encode()).hexdigest()[:16]
    assert f"netpos_sums_layout_{compiled.LAYOUT} =" in source
    assert (compiled.LAYOUT, digest) == KNOWN


def draws(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint16, np.int32, np.float32, np.float64])
def test_numbers_looked_up_are_those_of_numpy(dtype: type) -> None:
    values = draws().integers(0, 100, 50).astype(dtype)
    at = draws(1).integers(0, 50, 1000).astype(np.int32)
    found = compiled.gather(values, at)
    assert found is not None
    assert found.dtype == values.dtype
    assert (found == values[at]).all()


def test_rows_are_counted_where_marks_are_set() -> None:
    rows = draws().integers(0, 20, 500).astype(np.int32)
    first, second = draws(1).random(500) < 0.6, draws(2).random(500) < 0.5
    found = compiled.times(rows, first, second, 22)
    assert found is not None
    want = [np.bincount(rows[marks], minlength=22) for marks in (first, first & second)]
    assert [one.tolist() for one in found] == [one.tolist() for one in want]
    assert compiled.times(rows, first, second, 19) is None  # a row is none of them
    assert compiled.times(rows, first[1:], second[1:], 22) is None
    assert compiled.times(rows.astype(np.int64), first, second, 22) is None


def test_a_row_that_is_none_is_left_to_numpy() -> None:
    values = np.arange(5.0)
    assert compiled.gather(values, np.array([0, 5], dtype=np.int32)) is None
    assert compiled.gather(values, np.array([-1], dtype=np.int32)) is None
    assert compiled.gather(values[::2], np.array([1], dtype=np.int32)) is None
    assert compiled.gather(values, np.array([1])) is None
    assert gathered(values, np.array([-1], dtype=np.int32)).tolist() == [4.0]
    with pytest.raises(IndexError):
        gathered(values, np.array([5], dtype=np.int32))
    marks, none = np.ones(3, dtype=bool), np.array([3], dtype=np.int32)
    assert compiled.choose(none, none, marks, marks) is None
    assert compiled.sum_chosen(marks, none, none, np.ones(1), 1) is None
    one, level = np.zeros(1, dtype=np.int32), np.ones(1, dtype=np.uint16)
    assert compiled.sum_chosen(marks, one, one, level, 1, np.ones(1)) is None
    assert (
        compiled.sum_pairs(one, marks[:1], np.arange(2, dtype=np.int32), one, level, 1, np.ones(1))
        is None
    )
    matrix = csr_array(np.ones((3, 1)))
    with pytest.raises(IndexError):
        entries(none, none, matrix)


def a_matrix(seed: int, *, shares_of: int) -> np.ndarray:
    """Shares of 60 rows, of so many distinct levels; 0: all different."""
    draw = draws(seed + 100)
    share = draw.random((60, 9))
    share = np.ceil(share * shares_of) / shares_of if shares_of else share
    return share * (draw.random((60, 9)) < 0.8)


def a_spread(seed: int, *, shares_of: int = 0) -> tuple[Citations, Spread]:
    draw = draws(seed)
    pairs = Citations(
        *np.sort(draw.integers(0, 60, (2, 500))).astype(np.int32), np.zeros(500, dtype=bool), 60
    )
    held = csr_array(a_matrix(seed, shares_of=shares_of))
    shares = Shares([f"C{k}" for k in range(9)], held)
    return pairs, Spread.of(pairs, shares)


@pytest.mark.parametrize(("seed", "levels"), [(0, 3), (1, 7), (2, 0), (3, 200)])
def test_spread_and_sums_have_the_digits_of_numpy(
    seed: int, levels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs, spread = a_spread(seed, shares_of=levels)
    assert isinstance(spread.weight, Products) == (levels > 0)
    chosen = draws(seed).random(len(pairs)) < 0.4
    cells = spread.ends[0].size
    sums = spread.summed(chosen)
    monkeypatch.setenv("NETPOS_SUMS", "0")
    assert not compiled.available()
    _, other = a_spread(seed, shares_of=levels)
    every = np.arange(spread.pair.size)
    for name in ("pair", "cell", "weight"):
        one, two = getattr(spread, name)[every], getattr(other, name)[every]
        assert one.dtype == two.dtype
        assert (one == two).all()
    for one, two in zip(sums, other.summed(chosen), strict=True):
        assert (one == two).all()
    i, j = spread.ends
    held, pair, cell = a_matrix(seed, shares_of=levels), spread.pair, spread.cell
    plain = held[pairs.citing[pair], i[cell]] * held[pairs.cited[pair], j[cell]]
    assert spread.weight[every].tolist() == plain.tolist()
    keep = chosen[spread.pair]
    whole = np.bincount(spread.cell[keep], spread.weight[keep], cells)
    assert sums[1].tolist() == whole[whole > 0].tolist()


@pytest.mark.parametrize("shares_of", [0, 5])
def test_sums_of_pairs_by_number_are_those_of_their_entries(shares_of: int) -> None:
    pairs, spread = a_spread(7, shares_of=shares_of)
    cells = spread.ends[0].size
    before = np.searchsorted(spread.pair, np.arange(len(pairs) + 1)).astype(np.int32)
    numbers = np.arange(0, len(pairs), 3, dtype=np.int32)
    counted = draws(2).random(len(pairs)) < 0.5
    weight, levels = stored(spread.weight)
    found = compiled.sum_pairs(numbers, counted, before, spread.cell, weight, cells, levels)
    assert found is not None
    chosen = np.zeros(len(pairs), dtype=bool)
    chosen[numbers] = counted[numbers]
    keep = chosen[spread.pair]
    assert found.tolist() == np.bincount(spread.cell[keep], spread.weight[keep], cells).tolist()
    wrong = before.copy()
    wrong[-1] += 1
    assert compiled.sum_pairs(numbers, counted, wrong, spread.cell, weight, cells, levels) is None
