"""Colours of the maps are told apart in every colour vision, and in grey by shape and width."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from netpos.viz.maps.svg import PALETTE
from netpos.viz.safe_html import template_text

#: Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "normal": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = [
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
]
WHITE = [0.95047, 1, 1.08883]


def lab(colour: str, vision: str) -> np.ndarray:
    parts = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(VISION[vision]) @ linear, 0, 1)
    ratio = np.array(TO_XYZ) @ seen / WHITE
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def least(colours: list[str], vision: str) -> float:
    """The smallest CIE76 difference between any two colours."""
    pairs = itertools.combinations([lab(c, vision) for c in colours], 2)
    return min(float(np.linalg.norm(a - b)) for a, b in pairs)


@pytest.mark.parametrize(
    ("vision", "three", "four"),
    [
        ("normal", 44.9, 26.4),
        ("deutan", 49.1, 24.9),
        ("protan", 40.7, 24.8),
        ("tritan", 32.6, 24.8),
    ],
)
def test_the_measure_gives_the_published_differences(vision, three, four):
    # known values of two palettes, printed to one decimal
    assert least(["#0072B2", "#E69F00", "#999999"], vision) == pytest.approx(three, abs=0.11)
    four_colours = ["#0072B2", "#56B4E9", "#E69F00", "#7F7F7F"]
    assert least(four_colours, vision) == pytest.approx(four, abs=0.11)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(
    ("colours", "enough"),
    [
        ([*PALETTE["core"], PALETTE["focal"]], 24),
        ([*PALETTE["bloc"], PALETTE["focal"]], 24),
        ([PALETTE["given"], PALETTE["received"], PALETTE["link"], PALETTE["focal"]], 24),
        (PALETTE["community"][:8], 17),
    ],
    ids=["core", "membership", "links", "communities"],
)
def test_colours_that_stand_together_differ_in_every_vision(vision, colours, enough):
    assert least(colours, vision) > enough


def test_the_style_sheet_uses_the_colours_of_the_palette():
    style = template_text("map.css")
    for name in ("focal", "given", "received"):
        assert re.search(rf"--{name}: {PALETTE[name]};", style)
