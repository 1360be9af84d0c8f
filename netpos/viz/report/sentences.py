"""Short statements on a technology, each held to its interval and to other ways of counting.

A statement is *sure* where its 95 % interval supports it and nine in ten rows of the sensitivity
table agree, as far as these were computed; *open* where either does not, and then it says that
the case cannot be distinguished; and of the *export* where no interval was computed: a bare fact
of these data, no more. What is not measurable gets no statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from netpos.viz.report.resting import BLOCS, resting, withheld
from netpos.viz.report.statement import Level, Row, Statement, sentence
from netpos.viz.report.ways import Sensitivity

__all__ = ["Statement", "outside", "sentence", "statements"]

#: Part of the draws that must agree.
RESAMPLES = 0.95
#: The places that count as the top, and the most names in a statement.
TOP, NAMES = 10, 4
#: Rank -> indicator of the sensitivity table that has it, and rows of who leads by it.
RANKED = {
    "family_rank": ("family_share", "leader_families"),
    "received_rank": ("received_share", "leader_received"),
    "value_rank": ("value_share", "leader_value"),
}
#: Shares whose change between the first and the last period is told.
CHANGES = ("family_share", "received_share")


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
    between = _rows(tables, "differences", at | {"country": focal})
    found: list[Statement | None] = [
        _leader(world, "families", "family_rank", others, between, focal),
        _leader(world, "received", "received_rank", others, between, focal),
        _leader(world, "value", "value_rank", others, between, focal),
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
    changed = _rows(tables, "differences", {"technology": technology})
    if own and own.get("measurable") is False:
        changed = (
            changed.filter(pl.col("indicator") == "family_share") if changed.width else changed
        )
    found += _changes(changed, focal)
    marks = _rows(tables, "robustness", {"technology": technology})
    every = _rows(tables, "indicators", at)
    said = [withheld(s, every, focal) for s in found if s is not None]
    return [resting(s, marks, focal) for s in said]


def outside(
    tables: Mapping[str, pl.DataFrame], technology: str, focal: str, *, period: str = "all"
) -> list[Statement]:
    """Say that the country in focus is not among the ten largest, where that is sure.

    Parameters
    ----------
    tables, technology, focal, period
        As for `statements`.

    Returns
    -------
    list
        One statement, ``outside``, where the whole interval of its rank by families lies beyond
        ten and nine in ten ways of counting agree; else none. Who has no family has no rank.

    Examples
    --------
    >>> rows = {"technology": ["t"] * 12, "period": ["all"] * 12,
    ...         "country": [*"ABCDEFGHIJK", "NL"], "families": [12.0 - k for k in range(12)],
    ...         "family_rank": range(1, 13), "family_rank_low": range(1, 13),
    ...         "family_rank_high": range(1, 13)}
    >>> [(s.key, s.level) for s in outside({"countries": pl.DataFrame(rows)}, "t", "NL")]
    [('outside', 'sure')]
    """
    world = _rows(tables, "countries", {"technology": technology, "period": period})
    if not {"country", "families", "family_rank"} <= set(world.columns):
        return []
    mine = world.filter((pl.col("country") == focal) & (pl.col("families") > 0))
    if not mine.height:
        return []
    own: Row = mine.row(0, named=True)
    bounds = _bounds(own, "family_rank")
    if own["family_rank"] is None or own["family_rank"] <= TOP or bounds is None:
        return []
    others = Sensitivity(_rows(tables, "sensitivity", {"technology": technology}))
    level = _level(bounds[0] > TOP, others.ranks("family_share", pl.col("rank") > TOP))
    if level != "sure":
        return []
    numbers = {"rank": ("countries", own, "family_rank", "count")}
    return [Statement("outside", level, {"focal": [focal]}, numbers)]


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


def _between(codes: Mapping[str, Sequence[str]], names: Sequence[str]) -> dict[str, Sequence[str]]:
    """Those who cannot be told apart: the first few by name, and the number of others."""
    left = len(names) - NAMES
    shown = {"names": list(names[:NAMES])}
    return {**codes, **shown} | ({"more": [str(left)]} if left > 0 else {})


def _leader(
    world: pl.DataFrame,
    column: str,
    rank: str,
    others: Sensitivity,
    between: pl.DataFrame,
    focal: str,
) -> Statement | None:
    """Who is first by families, citations received or value."""
    share = RANKED[rank][0]
    key = {"families": "leads", "received": "cited", "value": "valued"}[column]
    if rank not in world.columns or column not in world.columns:
        return None
    order = world.filter(pl.col(column) > 0).sort([rank, "country"], nulls_last=True)
    if order.height < 2:
        return None
    first = order.row(0, named=True)
    if first[rank] != 1 or (column == "received" and first.get("measurable") is False):
        return None
    tied = order.filter(pl.col(rank) == first[rank])["country"].to_list()
    bounds = _bounds(first, rank)
    interval = None if bounds is None else bounds[1] <= 1
    claim = RANKED[rank][1]
    also: list[str] = []
    if first["country"] == focal:
        ahead, also = _ahead(between, share)
        interval = interval and ahead
    level = _level(interval, others.leads(claim, first["country"]))
    if len(tied) > 1 or level == "open":
        rivals = _rivals(order, rank, [*others.leaders(claim), *also])
        return Statement(key, "open", _between({}, rivals))
    numbers = {"share": ("countries", first, share, "percent")}
    return Statement(key, level, {"leader": [first["country"]]}, numbers)


def _rivals(order: pl.DataFrame, rank: str, leaders: Sequence[str]) -> list[str]:
    """Return all that may be first, in the order of the table beside the statement.

    They are those in first place, those whose interval reaches it, ``leaders`` (first in some way
    of counting, or not told apart from the first), and whoever stands above any of these; at least
    two.
    """
    may = (pl.col(rank) == 1) | pl.col("country").is_in(list(leaders))
    if f"{rank}_low" in order.columns:
        may = may | (pl.col(f"{rank}_low") <= 1)
    places = order.select(may.fill_null(value=False).arg_true()).to_series()
    return order["country"].to_list()[: max(2, places[-1] + 1)]  # the places are in order


def _ahead(between: pl.DataFrame, share: str) -> tuple[bool | None, list[str]]:
    """Whether the country in focus is ahead of all others, by the intervals of the differences.

    None where that to some country has no interval, as for few organisations; then those that it is
    not ahead of.
    """
    needed = {"indicator", "country", "other_country", "period", "other_period", "low"}
    if not needed <= set(between.columns):
        return True, []
    here = between.filter(
        (pl.col("indicator") == share)
        & (pl.col("period") == pl.col("other_period"))
        & (pl.col("other_country") != pl.col("country"))
    )
    behind = here.filter(pl.col("low") <= 0)["other_country"].to_list()
    return (False if behind else None if here["low"].null_count() else True), behind


def _organisations(table: pl.DataFrame, focal: str) -> list[Statement | None]:
    """Return the largest organisation, and the largest of the country in focus: facts of the
    export.
    """
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
            found.append(Statement(key, "open", _between(codes, tied)))
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
    inside = pl.col("rank") <= TOP if place <= TOP else pl.col("rank") > TOP
    interval = None if bounds is None else bounds[1] <= TOP
    level = _level(interval, others.ranks(RANKED[rank][0], inside))
    numbers = {"rank": ("countries", own, rank, "count")}
    return Statement(f"top_{column}", level, {"focal": [own["country"]]}, numbers)


def _core(own: Row, drawn: Mapping[str, Row], others: Sensitivity) -> Statement | None:
    """In the core, near it, or not."""
    near = own.get("near_core")
    if near is None:
        return None
    part = drawn.get("near_core_share", {}).get("value")
    interval = None if part is None else (part >= RESAMPLES if near else part <= 1 - RESAMPLES)
    level = _level(interval, others.values("near_core", pl.col("value") == float(near)))
    if level == "open":
        return Statement("core", level, {"focal": [own["country"]]})
    bounds = _bounds(own, "core_distance")
    member = bool(own.get("core"))
    always = member and (bounds is None or bounds[1] == 0) and (bounds is not None or part is None)
    if always and others.values("core_distance", pl.col("value") == 0) is not False:
        key = "core_in"
    else:
        key = "core_within" if member else "core_near" if near else "core_far"
    numbers = {}
    if not member and own.get("core_distance_relative") is not None:
        numbers["distance"] = ("countries", own, "core_distance_relative", "two")
    return Statement(key, level, {"focal": [own["country"]]}, numbers)


def _class(own: Row, drawn: Mapping[str, Row], others: Sensitivity) -> Statement | None:
    """Return the group of countries from which most of the foreign sources come."""
    shares = {k: own.get(f"share_{k}") for k in BLOCS}
    if any(v is None for v in shares.values()):
        return None
    ordered = sorted(BLOCS, key=lambda k: (-float(shares[k] or 0.0), BLOCS.index(k)))
    first, second = ordered[0], ordered[1]
    if shares[first] == shares[second]:
        return Statement("class", "open", {"focal": [own["country"]]})
    level = _level(_ahead_of_both(drawn, first), others.largest_bloc(first))
    numbers = {"share": ("countries", own, f"share_{first}", "percent")}
    return Statement("class", level, {"focal": [own["country"]], "bloc": [first]}, numbers)


def _ahead_of_both(drawn: Mapping[str, Row], bloc: str) -> bool | None:
    """Whether a group is ahead of both others, by the intervals of the differences."""
    least: list[float] = []
    for other in BLOCS:
        if other != bloc:
            ahead = drawn.get(f"{bloc}_less_{other}")
            row = ahead or drawn.get(f"{other}_less_{bloc}", {})
            end = row.get("low" if ahead else "high")
            if end is None:
                return None
            least.append(end if ahead else -end)
    return all(end > 0 for end in least)


def _balance(own: Row, others: Sensitivity) -> Statement | None:
    """Whether the country in focus is cited more than it cites, or less.

    Where citations follow the growth of countries alone, one that grows is cited less than it
    cites. So the balance must also lie beyond the one that is expected from the years of the
    families, (E_R - E_G) / (E_R + E_G), with its whole interval; else nothing is said.
    """
    ratio = own.get("balance_ratio")
    if ratio is None or own.get("pure_importer"):
        return None
    bounds = _bounds(own, "balance_ratio")
    interval = None if bounds is None else bounds[0] > 0 or bounds[1] < 0
    codes = {"focal": [own["country"]]}
    if ratio == 0:
        return Statement("balance", "open", codes)
    up = ratio > 0
    passes = pl.col("value") > 0 if up else pl.col("value") < 0
    level = _level(interval, others.values("balance_ratio", passes))
    if level == "open":
        return Statement("balance", level, codes)
    numbers = {"ratio": ("countries", own, "balance_ratio", "two")}
    if "received_expected" in own:
        expected = _expected_balance(own)
        nearest = ratio if bounds is None else bounds[0] if up else bounds[1]
        if expected is None or (nearest <= expected if up else nearest >= expected):
            return None
        numbers["received_ratio"] = ("countries", own, "received_ratio", "two")
        return Statement(f"balance_{'up' if up else 'down'}_expected", level, codes, numbers)
    return Statement(f"balance_{'up' if up else 'down'}", level, codes, numbers)


def _expected_balance(own: Row) -> float | None:
    """Return the balance of the citations expected; None where too few are."""
    if own.get("received_ratio") is None or own.get("given_ratio") is None:
        return None
    received, given = own["received_expected"], own["given_expected"]
    return float((received - given) / (received + given)) if received + given else None


def _changes(table: pl.DataFrame, focal: str) -> list[Statement]:
    """Whether the shares of the country in focus rose or fell, by the interval of the change."""
    needed = {"indicator", "country", "other_country", "period", "other_period", "low", "high"}
    if not needed <= set(table.columns):
        return []
    same = (pl.col("country") == focal) & (pl.col("other_country") == focal)
    apart = pl.col("period") != pl.col("other_period")
    rows = {r["indicator"]: r for r in table.filter(same & apart).iter_rows(named=True)}
    found = []
    for name in CHANGES:
        row = rows.get(name)
        if row is None or row.get("difference") is None or row.get("low") is None:
            continue  # without an interval of the change nothing is said of it
        codes = {"focal": [focal], "first": [row["other_period"]], "last": [row["period"]]}
        key = f"change_{name}"
        if row["low"] <= 0 <= row["high"]:
            found.append(Statement(key, "open", codes))
            continue
        numbers = {
            k: ("differences", row, c, "points")
            for k, c in (("moved", "difference"), ("low", "low"), ("high", "high"))
        }
        found.append(
            Statement(f"{key}_{'up' if row['low'] > 0 else 'down'}", "sure", codes, numbers)
        )
    return found
