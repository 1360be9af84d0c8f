"""What a map says of how its citations were located."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl

from netpos.viz.maps.located import located_context

PERIODS = ("all", "2015-2020", "2021-2025")


def tables() -> dict[str, pl.DataFrame]:
    """Two directions, two sources, and what is open, of one technology beside another."""
    keys = ["technology", "period", "direction"]
    of_located = [
        ("x", "2021-2025", "given", "seed", "lens-json", "applicant", 1200, 1200),
        ("x", "2021-2025", "given", "seed", "lens-csv", "applicant", 34, 34),
        ("x", "2021-2025", "given", "context", "lens-json", "office", 56, 50),
        ("x", "2021-2025", "given", "outside", None, "unknown", 210, 0),
        ("x", "all", "given", "outside", None, "unknown", 7, 0),
        ("x", "2021-2025", "received", "seed", "lens-json", "imputed", 8, 8),
        ("y", "2021-2025", "received", "seed", "lens-json", "inventor", 900, 900),
    ]
    of_open = [
        ("x", "2021-2025", "given", "number", "DE", 101),
        ("x", "2021-2025", "given", "number", "US", 99),
        ("x", "2021-2025", "given", "family", "JP", 16),
        ("x", "all", "given", "no_number", None, 7),
        ("y", "2021-2025", "received", "number", "FR", 5),
    ]
    located = [*keys, "source", "form", "rule", "citations", "located"]
    open_ = [*keys, "reason", "office", "citations"]
    return {
        "located": pl.DataFrame(of_located, schema=located, orient="row"),
        "open": pl.DataFrame(of_open, schema=open_, orient="row"),
    }


def test_sources_and_rules_of_each_period_and_what_one_more_source_could_add() -> None:
    said = located_context(tables(), "x")
    assert said["located_given"]["en"].splitlines() == [
        "All years: 0 of 7 citations have a country at both ends. 7 are open; none of their "
        "documents in no export is known by its number.",
        "2021-2025: 1,284 of 1,500 citations have a country at both ends (1,234 in the exports of "
        "the technologies, by applicant; 50 in the context, by office (proxy)). 216 are open; of "
        "all offices, the publications of Germany could locate most: at most 101.",
    ]
    assert said["located_received"]["en"].splitlines()[1] == (
        "2021-2025: 8 of 8 citations have a country at both ends (8 in the exports of the "
        "technologies, imputed)."
    )
    assert "1.284 van 1.500 citaties" in said["located_given"]["nl"]
    assert "1.234 in de exports van de technologieën, via aanvrager" in said["located_given"]["nl"]
    assert "publicaties van Duitsland" in said["located_given"]["nl"]


def test_without_citations_nothing_is_said() -> None:
    assert located_context(tables(), "z") == {}
    assert "located_given" not in located_context(tables(), "y")


def test_maps_of_a_run_say_the_numbers_of_its_tables(demo: Path) -> None:
    held = {name: pl.read_csv(demo / "tables" / f"{name}.csv") for name in ("located", "open")}
    for technology in ("quantum", "all"):
        for ending in ("", "-organisations"):
            html = (demo / "maps" / f"{technology}{ending}.html").read_text(encoding="utf-8")
            block = re.search(r'type="application/json">(.*?)</script>', html, re.S)
            assert block
            context = json.loads(block[1])["context"]
            for direction, label in (
                ("given", "Citations given"),
                ("received", "Citations received"),
            ):
                text = next(one["value"]["en"] for one in context if one["label"]["en"] == label)
                lines = text.splitlines()
                assert [line.split(":")[0] for line in lines] == ["All years", *PERIODS[1:]]
                for line, period in zip(lines, PERIODS, strict=True):
                    located, open_ = (
                        held[name].filter(
                            (pl.col("technology") == technology)
                            & (pl.col("period") == period)
                            & (pl.col("direction") == direction)
                        )
                        for name in ("located", "open")
                    )
                    whole = [
                        int(n.replace(",", ""))
                        for n in re.findall(r"[\d,]+(?= (?:of|citations))", line)
                    ]
                    assert whole == [located["located"].sum(), located["citations"].sum()]
                    assert f"{open_['citations'].sum():,} are open" in line
                    assert html.count(line.split(" (")[0]) >= 1
