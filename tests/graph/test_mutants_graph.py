"""Small changes of the code that no other test noticed."""

from __future__ import annotations

import numpy as np

from netpos.graph.backbone import backbone
from tests.graph.toys import links_of


def test_four_hundred_links_are_drawn_where_nobody_says_how_many() -> None:
    size = 25
    w = np.arange(1.0, size * size + 1).reshape(size, size)
    w = np.where((np.add.outer(np.arange(size), np.arange(size)) % size) == 0, w + 10_000, w)
    np.fill_diagonal(w, 0.0)
    table = backbone(links_of(w))
    assert table.height == size * (size - 1)
    weights = table["weight"].to_numpy()
    expected = set(np.flatnonzero(weights >= np.sort(weights)[-400]).tolist())
    best_in = {int(np.flatnonzero(weights == w[:, k].max())[0]) for k in range(size)}
    best_out = {int(np.flatnonzero(weights == w[k].max())[0]) for k in range(size)}
    drawn = set(np.flatnonzero(table["drawn"].to_numpy()).tolist())
    assert drawn == expected | best_in | best_out
    assert len(expected) == 400
