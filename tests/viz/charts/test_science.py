"""Figures of publications: places in the benchmark."""

from __future__ import annotations

import json

import polars as pl

from netpos.viz.charts.science import LEAST, MEASURES, panels, place
from tests.viz.charts.drawing import WORDS

ROWS = pl.DataFrame(
    {
        "technology": ["q"] * 4,
        "country": ["NL", "US", "DE", "MT"],
        "works": [float(LEAST), 9.0 * LEAST, 5.0 * LEAST, 1.0],
        "share": [0.05, 0.45, 0.25, 0.001],
        "works_full": [LEAST + 1, 10 * LEAST, 6 * LEAST, 1],
        "fwci": [1.5, 1.2, 1.5, 9.0],
    }
).with_columns(
    pl.lit(None, pl.Float64).alias(name) for name in MEASURES if name not in ("share", "fwci")
)


def places(country: str) -> dict[str, tuple[int | None, int]]:
    drawn = place(ROWS, country, WORDS)
    assert drawn is not None
    return {r["measure"]: (r["place"], r["of"]) for r in drawn[1].to_dicts()}


def test_who_has_few_works_has_no_place_and_takes_none() -> None:
    # MT has the largest impact, of a single work; NL and DE share the first place without it
    assert places("NL") == {"share": (3, 3), "fwci": (1, 3)}
    assert places("DE") == {"share": (2, 3), "fwci": (1, 3)}
    assert places("MT") == {"share": (None, 3), "fwci": (None, 3)}


def test_a_country_that_is_not_there_has_no_figure() -> None:
    assert place(ROWS, "FR", WORDS) is None


def test_the_panels_hold_the_numbers_of_every_country_of_the_benchmark() -> None:
    drawn = panels(ROWS, "NL", {"NL": "Netherlands"}, WORDS)
    assert drawn is not None
    found = drawn[1].select("country", "works", "fwci")
    assert found.sort("country").rows() == ROWS.select(found.columns).sort("country").rows()


def test_the_colours_run_from_the_first_place_to_the_last_of_the_largest_benchmark() -> None:
    few = ROWS.filter(pl.col("country").is_in(["NL", "US"])).with_columns(technology=pl.lit("r"))
    drawn = place(pl.concat([ROWS, few]), "NL", WORDS)
    assert drawn is not None
    assert sorted(drawn[1]["of"].unique()) == [2, 3]
    assert '"domain": [1, 3]' in json.dumps(drawn[0].to_dict())
