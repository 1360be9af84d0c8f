"""Short statements on a technology, each held to its interval and to other ways of counting.

A statement is *sure* where its 95 % interval supports it and nine in ten rows of the sensitivity
table agree, as far as these were computed; *open* where either does not, and then it says that
the case cannot be distinguished; and of the *export* where no interval was computed: a bare fact
of these data, no more. What is not measurable gets no statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import polars as pl
from markupsafe import Markup, escape

from netpos.viz.numbers import cell
from netpos.viz.words import in_sentence, joined, words

Row = Mapping[str, Any]
Level = Literal["sure", "open", "export"]

#: Part of the rows of the sensitivity table, and of the resamples, that must agree.
AGREE, RESAMPLES = 0.9, 0.95
#: The places that count as the top, and the most names in a statement.
TOP, NAMES = 10, 4
BLOCS = ("eu", "oecd_nato", "other")
#: Indicators of the sensitivity table whose rank tells the same as a column of countries.csv.
RANKED = {
    "family_rank": ("family_rank", "family_share", "families"),
    "received_rank": ("received_rank", "received_share", "received"),
    "value_rank": ("value_rank", "value_share", "value"),
}
_VALUES = ("technology", "indicator", "value", "rank", "base")


@dataclass(frozen=True)
class Statement:
    """One statement.

    Parameters
    ----------
    key
        Which words; see ``report_words.toml``.
    level
        ``sure``, ``open`` (not distinguishable) or ``export`` (bare fact, no interval).
    codes
        Field -> country codes or texts in it; ``firm``: an organisation on which it rests.
    numbers
        Field -> table, row, column and form of the number in it.
    """

    key: str
    level: Level
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    numbers: Mapping[str, tuple[str, Row, str, str]] = field(default_factory=dict)

    @property
    def bare(self) -> bool:
        """Whether it is a fact of the export, checked by nothing."""
        return self.level == "export" or self.key in ("organisation", "own")


def statements(
    tables: Mapping[str, pl.DataFrame], technology: str, focal: str, *, period: str = "all"
) -> list[Statement]:
    """Say what the tables of a run support about one technology.

    Parameters
    ----------
    tables
        ``countries`` and, where computed, ``organisations``, ``indicators``, ``sensitivity``.
    technology, period
        Which rows.
    focal
        The country in focus.

    Returns
    -------
    list
        In the order in which a reader asks: who leads, where the country in focus stands, on whom
        it builds. Empty without families.

    Examples
    --------
    >>> rows = {"technology": ["t"] * 2, "period": ["all"] * 2, "country": ["NL", "US"],
    ...         "families": [1.0, 9.0], "family_share": [0.1, 0.9], "family_rank": [2, 1]}
    >>> bare = statements({"countries": pl.DataFrame(rows)}, "t", "NL")
    >>> [(s.key, s.level) for s in bare]
    [('leads', 'export')]
    >>> low = {"family_rank_low": [2, 1], "family_rank_high": [2, 1]}
    >>> sure = statements({"countries": pl.DataFrame(rows | low)}, "t", "NL")
    >>> sure[0].level, str(sentence(sure[0], "en").striptags())
    ('sure', 'Most families: the United States (90.0 %).')
    """
    at = {"technology": technology, "period": period}
    world = _rows(tables, "countries", at)
    if not world.height:
        return []
    mine = world.filter(pl.col("country") == focal)
    own: Row = mine.row(0, named=True) if mine.height else {}
    others = Sensitivity(_rows(tables, "sensitivity", {"technology": technology}))
    drawn = {
        r["indicator"]: r
        for r in _rows(tables, "indicators", at | {"country": focal}).iter_rows(named=True)
    }
    found: list[Statement | None] = [
        _leader(world, focal, "families", "family_share", "family_rank", others),
        _leader(world, focal, "received", "received_share", "received_rank", others),
        *_organisations(_rows(tables, "organisations", at), focal),
    ]
    if own:
        found += [_top(own, world, "families", "family_rank", others)]
        found += [_top(own, world, "value", "value_rank", others)]
    if own and own.get("measurable") is not False and own.get("received") is not None:
        found += [
            _top(own, world, "received", "received_rank", others),
            _core(own, drawn, others),
            _class(own, drawn, others),
            _balance(own, others),
        ]
    marks = _rows(tables, "robustness", {"technology": technology})
    return [_resting(s, marks) for s in found if s is not None]


#: Statements, and the indicator whose mark of robustness is about the same.
MARKED = {
    "top_families": "family_share",
    "top_received": "received_share",
    "core_in": "near_core",
    "core_near": "near_core",
    "core_far": "near_core",
    "balance_up": "balance_ratio",
    "balance_down": "balance_ratio",
}


def _resting(statement: Statement, marks: pl.DataFrame) -> Statement:
    """Name the organisation without which the statement would not hold, if it is one."""
    if statement.key not in MARKED or "organisation" not in marks.columns:
        return statement
    found = marks.filter(
        (pl.col("indicator") == MARKED[statement.key])
        & (pl.col("mark") == "firm-driven")
        & pl.col("organisation").is_not_null()
    )
    if not found.height:
        return statement
    return replace(statement, codes={**statement.codes, "firm": [found["organisation"][0]]})


def sentence(statement: Statement, lang: str) -> Markup:
    """Write a statement out, with the cells of its numbers named.

    Parameters
    ----------
    statement
        From `statements`.
    lang
        ``en`` or ``nl``.
    """
    said = words(lang)
    fields: dict[str, Markup] = {}
    for name, codes in statement.codes.items():
        fields[name] = escape(joined([in_sentence(code, lang) for code in codes], lang))
    for name, (table, row, column, form) in statement.numbers.items():
        fields[name] = cell(table, row, column, form, lang)
    if "bloc" in statement.codes:
        fields["bloc"] = escape(said[f"bloc_said_{statement.codes['bloc'][0]}"])
    ending = "_open" if statement.level == "open" else ""
    text = Markup(said[f"say_{statement.key}{ending}"]).format(**fields)
    if "firm" in fields and not ending:
        text += Markup(" ") + Markup(said["say_without"]).format(firm=fields["firm"])
    return text


class Sensitivity:
    """The rows of a technology in the sensitivity table: how often a statement holds in them."""

    def __init__(self, table: pl.DataFrame) -> None:
        self.table = table

    def agrees(self, names: Sequence[str], test: Callable[[float], bool]) -> bool | None:
        """Whether nine in ten values of the first of these indicators pass; None: not computed."""
        if not self.table.height:
            return None
        for name in names:
            rows = self.table.filter(pl.col("indicator") == name)
            value = pl.col("value").cast(pl.Float64)
            if name in {n for group in RANKED.values() for n in group}:
                absent = pl.when(pl.col("value") == 0).then(pl.lit(float("inf")))
                value = pl.coalesce(pl.col("rank").cast(pl.Float64), absent)  # behind all others
            found = rows.select(v=value)["v"].drop_nulls().to_list()
            if found:
                return sum(map(test, found)) >= AGREE * len(found)
        return None

    def largest_bloc(self, bloc: str) -> bool | None:
        """Whether this group of countries comes first in nine in ten ways of counting."""
        if not self.table.height:
            return None
        names = [f"share_{k}" for k in BLOCS]
        rows = self.table.filter(pl.col("indicator").is_in(names) & pl.col("value").is_not_null())
        if not rows.height:
            return None
        ways = [c for c in rows.columns if c not in _VALUES]
        first = (
            rows.sort(["value", "indicator"], descending=[True, False])
            .group_by(ways, maintain_order=True)
            .first()["indicator"]
        )
        return bool((first == f"share_{bloc}").sum() >= AGREE * first.len())


def _rows(tables: Mapping[str, pl.DataFrame], name: str, keys: Mapping[str, str]) -> pl.DataFrame:
    table = tables.get(name)
    if table is None or not set(keys) <= set(table.columns):
        return pl.DataFrame()
    return table.filter([pl.col(k) == v for k, v in keys.items()])


def _level(interval: bool | None, *checks: bool | None) -> Level:
    """Unsupported by any check: open; without an interval: of the export; else sure."""
    if interval is False or False in checks:
        return "open"
    return "export" if interval is None else "sure"


def _bounds(row: Row, column: str) -> tuple[float, float] | None:
    low, high = row.get(f"{column}_low"), row.get(f"{column}_high")
    return None if low is None or high is None else (float(low), float(high))


def _leader(
    world: pl.DataFrame, focal: str, column: str, share: str, rank: str, others: Sensitivity
) -> Statement | None:
    """Who is first by families, or by citations received."""
    key = "leads" if column == "families" else "cited"
    if rank not in world.columns or column not in world.columns:
        return None
    order = world.filter(pl.col(column) > 0).sort([rank, "country"], nulls_last=True)
    if order.height < 2:
        return None
    first = order.row(0, named=True)
    if first[rank] is None or (column == "received" and first.get("measurable") is False):
        return None
    tied = order.filter(pl.col(rank) == first[rank])["country"].to_list()
    bounds = _bounds(first, rank)
    interval = None if bounds is None else bounds[1] <= 1
    if len(tied) > 1:
        return Statement(key, "open", {"names": tied[:NAMES]})
    leads = first["country"] == focal
    level = _level(interval, others.agrees(RANKED[rank], lambda v: (v <= 1) == leads))
    if level == "open":
        rivals = [first["country"]]
        if bounds is not None:
            can = order.filter(pl.col(f"{rank}_low") <= 1)["country"].to_list()
            rivals += [c for c in can if c != first["country"]]
        if len(rivals) < 2:
            rivals += [c for c in order["country"].to_list() if c not in rivals][:1]
        return Statement(key, "open", {"names": rivals[:NAMES]})
    numbers = {"share": ("countries", first, share, "percent")}
    return Statement(key, level, {"leader": [first["country"]]}, numbers)


def _organisations(table: pl.DataFrame, focal: str) -> list[Statement | None]:
    """The largest organisation, and the largest of the country in focus: facts of the export."""
    if not table.height or "families" not in table.columns:
        return []
    table = table.filter(pl.col("families") > 0)
    order = table.sort(["families", "organisation"], descending=[True, False])
    mine = order.filter(pl.col("country") == focal)
    found: list[Statement | None] = []
    for key, rows in (("organisation", order), ("own", mine)):
        if not rows.height:
            continue
        first = rows.row(0, named=True)
        tied = rows.filter(pl.col("families") == first["families"])["organisation"].to_list()
        codes: dict[str, Sequence[str]] = {"focal": [focal]}
        if len(tied) > 1:
            found.append(Statement(key, "open", codes | {"names": tied[:NAMES]}))
            continue
        numbers = {
            "families": ("organisations", first, "families", "one"),
            "rank": ("organisations", first, "family_rank", "count"),
        }
        found.append(Statement(key, "export", codes | {"name": tied}, numbers))
    return found


def _top(
    own: Row, world: pl.DataFrame, column: str, rank: str, others: Sensitivity
) -> Statement | None:
    """Whether the country in focus is among the ten first; nothing where it clearly is not."""
    place = own.get(rank)
    if place is None or not own.get(column):
        return None
    if world.filter(pl.col(column) > 0).height <= TOP:
        return None
    bounds = _bounds(own, rank)
    if (bounds is not None and bounds[0] > TOP) or (bounds is None and place > TOP):
        return None
    inside = place <= TOP
    interval = None if bounds is None else bounds[1] <= TOP
    level = _level(interval, others.agrees(RANKED[rank], lambda v: (v <= TOP) == inside))
    numbers = {"rank": ("countries", own, rank, "count")}
    return Statement(f"top_{column}", level, {"focal": [own["country"]]}, numbers)


def _core(own: Row, drawn: Mapping[str, Row], others: Sensitivity) -> Statement | None:
    """In the core, near it, or not."""
    near = own.get("near_core")
    if near is None:
        return None
    part = drawn.get("near_core_share", {}).get("value")
    interval = None if part is None else (part >= RESAMPLES if near else part <= 1 - RESAMPLES)
    level = _level(interval, others.agrees(["near_core"], lambda v: (v >= 0.5) == near))
    bounds = _bounds(own, "core_distance")
    inside = own.get("core") and (bounds is None or bounds[1] == 0)
    key = "core_in" if inside else "core_near" if near else "core_far"
    if level == "open":
        key = "core"
    return Statement(key, level, {"focal": [own["country"]]})


def _class(own: Row, drawn: Mapping[str, Row], others: Sensitivity) -> Statement | None:
    """The group of countries from which most of the foreign sources come."""
    shares = {k: own.get(f"share_{k}") for k in BLOCS}
    if any(v is None for v in shares.values()):
        return None
    ordered = sorted(BLOCS, key=lambda k: (-float(shares[k] or 0.0), BLOCS.index(k)))
    first, second = ordered[0], ordered[1]
    if shares[first] == shares[second]:
        return Statement("class", "open", {"focal": [own["country"]]})
    rows = {k: drawn.get(f"share_{k}", {}) for k in BLOCS}
    interval = None
    if all(rows[k].get("low") is not None for k in BLOCS):
        interval = rows[first]["low"] > max(rows[k]["high"] for k in BLOCS if k != first)
    level = _level(interval, others.largest_bloc(first))
    numbers = {"share": ("countries", own, f"share_{first}", "percent")}
    return Statement("class", level, {"focal": [own["country"]], "bloc": [first]}, numbers)


def _balance(own: Row, others: Sensitivity) -> Statement | None:
    """Whether the country in focus is cited more than it cites, or less."""
    ratio = own.get("balance_ratio")
    if ratio is None or own.get("pure_importer"):
        return None
    bounds = _bounds(own, "balance_ratio")
    interval = None if bounds is None else bounds[0] > 0 or bounds[1] < 0
    if ratio == 0:
        return Statement("balance", "open", {"focal": [own["country"]]})
    up = ratio > 0
    level = _level(interval, others.agrees(["balance_ratio"], lambda v: v > 0 if up else v < 0))
    key = "balance" if level == "open" else "balance_up" if up else "balance_down"
    numbers = {"ratio": ("countries", own, "balance_ratio", "two")}
    return Statement(key, level, {"focal": [own["country"]]}, numbers)
