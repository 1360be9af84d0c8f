"""Links go round nodes: in the still picture as in the page."""

from __future__ import annotations

import re

import numpy as np
import pytest

from netpos.viz.maps.bends import BENDS, bends
from netpos.viz.maps.map import network_map
from netpos.viz.maps.svg import map_svg


@pytest.mark.e2e
def test_the_still_picture_bends_every_link_as_the_page_does(visit, tmp_path, sixty) -> None:
    page = visit(network_map(sixty, tmp_path / "m.html"))
    nodes, links = page.evaluate(
        """() => { const bent = bendsOf(selection());
          return [NODES.map((n) => [position(n).x, position(n).y, nodeSize(n)]),
            [...bent].map(([key, bend]) => [...key.split(">").map(Number), bend])]; }"""
    )
    spots, ends = np.array(nodes), np.array(links)
    i, j = ends[:, 0].astype(int), ends[:, 1].astype(int)
    ours = bends(i, j, spots[:, :2], spots[:, 2])
    assert len(ours) > 100
    assert len(set(ours)) > 4
    assert (ours == ends[:, 2]).all()
    saved = page.evaluate(
        """() => { App.choose(null); return linksSvg(selection(), new Map(NODES.map((n) =>
          [n.i, { ...position(n), r: nodeSize(n) }])), 1).map((g) =>
          g.firstChild.getAttribute("d")); }"""
    )
    aside = re.compile(r"M(\S+) (\S+)Q(\S+) (\S+) ")
    of_page = np.array([aside.match(d).groups() for d in saved], dtype=float)
    drawn = map_svg(sixty, width=2600, height=2000)
    of_still = np.array(aside.findall(drawn), dtype=float)
    assert len(of_still) == len(of_page)
    # one scale and one shift lead from the page's places to those of the still picture
    of_page, of_still = (np.array(sorted(found.tolist())) for found in (of_page, of_still))
    for axis in (0, 1):
        a = of_page[:, [axis, axis + 2]].ravel()
        b = of_still[:, [axis, axis + 2]].ravel()
        slope, shift = np.polyfit(a, b, 1)
        assert np.abs(slope * a + shift - b).max() < 1.5, axis


def test_links_back_and_forth_keep_to_their_own_sides() -> None:
    line = np.array([[0.0, 0.0], [100.0, 0.0], [50.0, -8.0]])
    found = bends(np.array([0, 1]), np.array([1, 0]), line, np.full(3, 7.0))
    assert (found > 0).all()
    assert bends(np.array([0]), np.array([1]), line, np.full(3, 7.0)).tolist() == [-BENDS[0]]
    assert bends(np.array([], int), np.array([], int), line, np.full(3, 7.0)).tolist() == []
