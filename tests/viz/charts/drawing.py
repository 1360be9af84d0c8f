"""What tests of figures share: those of the demo, drawn once, and words that say nothing."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from typing import Any

import polars as pl

from netpos.viz.charts import charts
from netpos.viz.page import Figure, Page
from tests import shared
from tests.viz.report_pages import demo_page, unmeasured


@cache
def drawn(lang: str = "en") -> dict[str, Figure]:
    """Every figure of the demo; nobody changes them."""
    return shared.value(f"drawn-{lang}", lambda: dict(charts.figures(unmeasured(demo_page(lang)))))


def numbers(figure: Figure) -> pl.DataFrame:
    return pl.read_csv(io.BytesIO(figure.csv.encode()), infer_schema_length=None)


def made(page: Page) -> set[str]:
    return {name for name, _, found in charts._drawn(page) if found is not None}


@cache
def usual() -> set[str]:
    return made(demo_page())


def whole(name: str, technology: str = "semiconductor") -> pl.DataFrame:
    table = unmeasured(demo_page()).tables[name]
    return table.filter((pl.col("technology") == technology) & (pl.col("period") == "all"))


class Words(dict[str, Any]):
    """Every word is its own key."""

    def __missing__(self, key: str) -> str:
        return key


WORDS: Mapping[str, Any] = Words()
