"""The checks that every page of tables and figures has to pass."""

from __future__ import annotations

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import polars as pl

from netpos.viz.numbers import MINUS, UNKNOWN
from netpos.viz.safe_html import template_text

KEYS = {
    "basis": (),
    "countries": ("country",),
    "top_products": ("product",),
    "complex_products": ("product",),
    "opportunities": ("product",),
    "intensity": ("year", "country"),
    "decomposition": ("year", "variant"),
    "sectors": ("year", "sector"),
    "companies": ("technology", "country"),
    "chain": ("technology", "stage"),
    "science": ("technology", "period", "country"),
    "science_links": ("technology", "period", "citing", "cited"),
    "science_linkage": ("technology", "period", "country"),
    "science_link_coverage": ("technology", "period"),
    "science_coverage": ("technology", "year", "type"),
    "company_coverage": ("technology",),
}


class Cells(HTMLParser):
    """The cells of a page: what they refer to and what they say; and every tag and address."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self._open: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.addresses += [v for k, v in attrs if k in ("href", "src", "xlink:href") and v]
        if "data-cell" in given:
            self._open = given["data-cell"]
            self.found.append((str(self._open), ""))

    def handle_endtag(self, _tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            name, text = self.found[-1]
            self.found[-1] = (name, text + data)


def check_page(out: Path, lang: str, name: str = "index.html") -> int:
    """Every number on the page is that of its cell; the page is offline. Give how many."""
    html = (out / name).read_text(encoding="utf-8")
    page = Cells(html)
    assert f'<html lang="{lang}">' in html
    assert "default-src 'none'" in html
    assert not page.tags & {"script", "iframe", "object", "link", "img"}
    for address in page.addresses:
        assert address.startswith(("#", "tables/", "figures/", "maps/")), address
        if not address.startswith("#"):
            assert (out / address).exists(), address
    assert not re.search(r">\s*(None|nan|inf)\s*<", html)
    checked = 0
    for cell, text in page.found:
        table, keys, column = cell.split("|")
        rows = pl.read_parquet(out / "tables" / f"{table}.parquet")
        wanted = keys.split(",") if keys else []
        named = list(KEYS[table])
        if "year" not in named and len(wanted) == len(named) + 1:
            named = ["year", *named]
        assert len(wanted) == len(named), cell
        for key, value in zip(named, wanted, strict=True):
            plain = value.replace("%7C", "|").replace("%2C", ",").replace("%25", "%")
            rows = rows.filter(pl.col(key).cast(pl.String).fill_null("") == plain)
        assert rows.height == 1, cell
        value = rows[column][0]
        if value is None:
            assert text == UNKNOWN, cell
        elif isinstance(value, float):
            checked += 1
            assert near(text, value, lang), (cell, text, value)
    return checked


def near(text: str, value: float, lang: str) -> bool:
    """Whether a text says the number, to half of its last decimal."""
    plain = text.replace(MINUS, "-").replace(" %", "")
    if plain.startswith("< "):
        return 0 < value < 0.002
    thousands, decimal = (",", ".") if lang == "en" else (".", ",")
    plain = plain.replace(thousands, "").replace(decimal, ".").lstrip("+")
    digits = len(plain.partition(".")[2])
    scaled = value * 100 if text.endswith("%") else value
    return abs(float(plain) - scaled) <= 0.5000001 * 10**-digits


def words() -> dict[str, dict]:
    return tomllib.loads(template_text("findings_words.toml"))
