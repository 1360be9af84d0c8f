"""Positions: nearer is further in, nothing overlaps, the same every time."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netpos.viz.maps import layout
from netpos.viz.maps.picture import picture
from netpos.viz.maps.svg import LARGEST


def radii(placed: layout.Placed) -> np.ndarray:
    return np.hypot(np.array(placed.x) / layout.ASPECT, np.array(placed.y))


@given(
    st.lists(st.one_of(st.just(0.0), st.floats(0.01, 1000), st.just(math.nan)), max_size=70),
    st.integers(0, 1000),
)
@settings(max_examples=60)
def test_a_nearer_country_is_never_on_an_outer_ring(distances, seed):
    draw = np.random.default_rng(seed)
    n = len(distances)
    exchange = draw.exponential(1, (n, n))
    placed = layout.radial(
        np.array(distances, dtype=float), draw.integers(0, 3, n), exchange + exchange.T
    )
    assert len(placed.x) == len(placed.y) == n
    inside = [i for ring in placed.rings for i in ring.members]
    assert sorted(inside) == [i for i, d in enumerate(distances) if d > 0]
    assert [distances[i] for i in inside] == sorted(distances[i] for i in inside)
    assert [r.radius for r in placed.rings] == sorted({r.radius for r in placed.rings})
    far = radii(placed)
    for i, d in enumerate(distances):
        if d == 0:
            assert far[i] <= placed.core_radius
    for ring in placed.rings:
        assert all(abs(far[i] - ring.radius) < 1 for i in ring.members)


@given(st.integers(2, 80), st.integers(0, 100))
@settings(max_examples=40)
def test_no_two_nodes_stand_on_the_same_spot(n, seed):
    draw = np.random.default_rng(seed)
    exchange = draw.exponential(1, (n, n))
    distance = np.where(np.arange(n) < 3, 0.0, draw.exponential(1, n))
    placed = layout.radial(distance, draw.integers(0, 3, n), exchange + exchange.T)
    spots = np.column_stack([placed.x, placed.y])
    apart = np.sqrt(((spots[:, None] - spots[None]) ** 2).sum(axis=2))
    assert apart[~np.eye(n, dtype=bool)].min() > 25


def test_sixty_countries_stand_clear_of_each_other_in_both_layouts(sixty):
    shown = picture(sixty)
    for placed in (shown.radial, shown.force):
        spots = np.column_stack([placed.x, placed.y]).astype(float)
        apart = np.sqrt(((spots[:, None] - spots[None]) ** 2).sum(axis=2))
        np.fill_diagonal(apart, np.inf)
        assert apart.min() > LARGEST


def test_the_sectors_hold_the_members_of_their_bloc(sixty):
    shown = picture(sixty)
    for group, begin, end in shown.radial.sectors:
        for ring in shown.radial.rings:
            for i in ring.members:
                turn = math.atan2(shown.radial.y[i], shown.radial.x[i] / layout.ASPECT)
                inside = (turn - begin) % (2 * math.pi) < (end - begin)
                assert inside == (max(shown.bloc[i], -1) in (group,)), shown.ids[i]


def test_the_force_layout_brings_partners_together_and_is_seeded():
    draw = np.random.default_rng(1)
    citing, cited = np.nonzero(np.kron(np.eye(2), np.ones((8, 8))) - np.eye(16))
    weight = draw.uniform(5, 9, len(citing))
    citing, cited = np.append(citing, 0), np.append(cited, 8)
    weight = np.append(weight, 0.1)
    strength = np.bincount(citing, weights=weight, minlength=16)
    placed = layout.force(citing, cited, weight, strength, 16, seed=4)
    assert placed == layout.force(citing, cited, weight, strength, 16, seed=4)
    assert placed != layout.force(citing, cited, weight, strength, 16, seed=5) or placed.x
    spots = np.column_stack([placed.x, placed.y]).astype(float)
    apart = np.sqrt(((spots[:, None] - spots[None]) ** 2).sum(axis=2))
    own = np.kron(np.eye(2), np.ones((8, 8))).astype(bool)
    assert apart[own].mean() < 0.6 * apart[~own].mean()
