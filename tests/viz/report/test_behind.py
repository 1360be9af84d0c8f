"""Which ranks have their families listed beside them."""

from __future__ import annotations

from types import SimpleNamespace

import polars as pl

from netpos.tables import Owner
from netpos.viz.report.behind import patent, ranks_shown

ROWS = pl.DataFrame(
    [
        ("t", "all", "NL", 1.0, 0.0),
        ("t", "all", "US", 9.0, 2.0),
        ("t", "all", "CN", 9.0, 5.0),
        ("t", "2015-2020", "JP", 50.0, 50.0),
        ("u", "all", "KR", 50.0, 50.0),
    ],
    schema=["technology", "period", "country", "families", "received"],
    orient="row",
)


def test_the_country_in_focus_comes_first_then_the_largest_and_nobody_with_nothing() -> None:
    found = ranks_shown({"countries": ROWS}, "t", "NL")
    assert [c for c, column in found if column == "family_rank"] == ["NL", "CN", "US"]
    assert [c for c, column in found if column == "received_rank"] == ["CN", "US"]


def test_a_title_is_escaped_and_cut() -> None:
    titles = {"1": "<script>alert(1)</script>", "2": "pump " * 40, "3": '"><img src=x>', "4": None}
    owners = {k: Owner(2020, ("A&B",), person=False, title=t) for k, t in titles.items()}
    page = SimpleNamespace(lang="en", synthetic=False, owners=owners)
    lines = [str(patent(page, k, "001-002-003-004-005")) for k in titles]
    assert lines[0].startswith("&lt;script&gt;alert(1)&lt;/script&gt; · A&amp;B · 2020 · ")
    assert len(lines[1].split(" · ")[0]) <= 90
    assert lines[1].split(" · ")[0].endswith("pump …")
    assert "<img" not in lines[2]
    assert lines[3].startswith("A&amp;B · 2020")
