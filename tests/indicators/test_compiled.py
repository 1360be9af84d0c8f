"""What is compiled of the draws gives what NumPy gives, digit by digit."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from netpos.indicators import compiled
from netpos.indicators.weights import poisson_weights
from tests.conftest import ROOT
from tests.indicators.plain import made_up, ready

needs_library = pytest.mark.skipif(
    not compiled.available(), reason="netpos was installed without its compiled draws"
)
SOURCE = ROOT / "netpos" / "indicators" / "native" / "draws.c"
#: Of the heads of exported functions. When they change: raise LAYOUT in compiled.py and in draws.c,
#: and write the new number and digest here.
KNOWN = (5, "9a7dbd75a183cdf9")


def heads_digest(source: str) -> str:
    """A number for what Python and C must agree on, whatever the comments and the spacing."""
    bare = re.sub(r"/\*.*?\*/", " ", source, flags=re.DOTALL)
    heads = re.findall(r"^EXPORTED\s+([^{=]*\))\s*\{", bare, flags=re.MULTILINE)
    assert len(heads) == len(compiled._FUNCTIONS)
    for head in heads:
        assert head.count(",") + 1 == len(compiled._FUNCTIONS[head.split("(")[0].split()[-1]])
    return hashlib.sha256(" ".join(" ".join(heads).split()).encode()).hexdigest()[:16]


def test_a_change_of_the_layout_changes_its_number() -> None:
    source = SOURCE.read_text(encoding="utf-8")
    (number,) = re.findall(r"const i64 netpos_draws_layout_(\d+) = ", source)
    assert (int(number), heads_digest(source)) == KNOWN
    assert KNOWN[0] == compiled.LAYOUT


@needs_library
def test_draws_have_the_same_digits_as_with_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = ready(made_up(3, families=200, pairs=900))
    found = corpus.resample(draws=270).draws  # more than are added up at a time
    weights = poisson_weights(np.arange(300), np.arange(400), seed=9)
    monkeypatch.setenv("NETPOS_DRAWS", "0")
    assert not compiled.available()
    assert poisson_weights(np.arange(300), np.arange(400), seed=9).tobytes() == weights.tobytes()
    plain = corpus.resample(draws=270).draws
    assert plain.keys() == found.keys()
    for name, values in plain.items():
        assert found[name].tobytes() == values.tobytes(), name


@needs_library
def test_weights_that_the_first_bits_do_not_decide_are_looked_up() -> None:
    start, added = np.array([7, 11], np.uint64), np.arange(5, dtype=np.uint64)
    unsure = np.full(1 << 16, 255, np.uint8)
    steps = np.arange(1, 13, dtype=np.uint32) * np.uint32((1 << 32) // 13)
    found = compiled.poisson(start, added, unsure, steps)
    z = start[:, None] + added
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    upper = ((z ^ (z >> np.uint64(31))) >> np.uint64(32)).astype(np.uint32)
    assert found.tolist() == np.searchsorted(steps, upper, side="right").tolist()


@needs_library
def test_sums_of_links_and_families_are_those_of_the_matrices() -> None:
    some = np.random.default_rng(4)
    clusters = some.integers(0, 13, (6, 270)).astype(np.uint8)  # more than are added up at a time
    parts = csr_array(np.array([[0.5, 0, 0, 0.5, 0, 0], [0, 0.25, 0.75, 0, 0, 0]]))
    mixed = parts @ clusters.astype(np.float64)
    source = np.array([0, -1, 5, -2, 3], dtype=np.int32)
    given = compiled.Given(source, clusters, parts)
    whole = np.vstack([clusters[0], mixed[0], clusters[5], mixed[1], clusters[3]])
    held = csr_array(some.random((4, 5)) * (some.random((4, 5)) > 0.4))
    assert compiled.sum_held(given, held).tobytes() == (held @ whole).tobytes()
    citing, cited = (some.integers(0, 5, 40).astype(np.int32) for _ in range(2))
    amount, pointer = some.random(40), np.array([0, 13, 13, 40])
    cell = np.array([2, 0, 2], dtype=np.int32)
    out = some.random((3, 270))
    want = out.copy()
    for row, place in enumerate(cell.tolist()):
        sums = np.zeros(270)
        for k in range(pointer[row], pointer[row + 1]):
            sums += amount[k] * (whole[citing[k]] * whole[cited[k]])
        want[place] += sums
    compiled.sum_links(given, compiled.Laid(cell, pointer, citing, cited, amount), out)
    assert out.tobytes() == want.tobytes()


@needs_library
@pytest.mark.parametrize("what", ["of another layout", "of another system", "none"])
def test_a_library_that_does_not_fit_is_never_called(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    want = poisson_weights(np.arange(5), np.arange(9)).tolist()
    content = compiled._PATH.read_bytes()
    other = tmp_path / compiled._PATH.name
    if what == "of another layout":
        name = f"netpos_draws_layout_{compiled.LAYOUT}".encode()
        assert name in content
        other.write_bytes(content.replace(name, name[:-1] + b"0"))
    elif what == "of another system":
        other.write_bytes(b"MZ" + content[2:])
    monkeypatch.setattr(compiled, "_PATH", other)
    compiled._library.cache_clear()
    try:
        assert not compiled.available()
        assert poisson_weights(np.arange(5), np.arange(9)).tolist() == want
        with pytest.raises(RuntimeError):
            compiled.library()
    finally:
        compiled._library.cache_clear()
