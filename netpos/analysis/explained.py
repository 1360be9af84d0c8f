"""What each column of countries.csv and organisations.csv rests on: sums over families."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis.behind import SIZES, STRENGTHS, behind_families, behind_links, behind_node
from netpos.analysis.coverage import MEASURABLE, located_links
from netpos.analysis.study import Kind, Span, Study
from netpos.graph.dependence import partner_classes
from netpos.graph.links import gathered
from netpos.ingest.user_tables import read_totals

Sums = Sequence[float]


@dataclass(frozen=True)
class Cell:
    """One row of a table: whose it is, and what else stands in it."""

    study: Study
    technology: str
    span: Span
    kind: Kind
    name: str
    row: Mapping[str, object]


@dataclass(frozen=True)
class Part:
    """A number behind a cell: a sum over families, or something that no family adds to.

    ``families`` has ``family`` (row number) and ``part``; None for a count or the user's own
    number. ``everyone``: the sum is over all countries (organisations), not over one.
    """

    name: str
    value: float
    families: pl.DataFrame | None
    everyone: bool = False


@dataclass(frozen=True)
class Rule:
    """How a column comes from its parts.

    ``parts`` names sums, or is a function that makes them; ``formula`` says in words or
    signs what is done with them, empty where the one part is the cell; ``value`` does it, None
    where more than the parts is needed (a rank, a place in the network).
    """

    parts: tuple[str, ...] | Callable[[Cell], list[Part]]
    formula: str = ""
    value: Callable[[Sums], float | None] | None = None

    @property
    def additive(self) -> bool:
        """Whether the cell is the sum of the contributions of its families."""
        return not self.formula


def parts_of(cell: Cell, rule: Rule) -> list[Part]:
    """Return the parts behind a cell, each with what its families add."""
    if callable(rule.parts):
        return rule.parts(cell)
    found = []
    for name in rule.parts:
        if name in _NUMBERS:
            found.append(Part(name, _NUMBERS[name](cell), None))
            continue
        families = _summed(cell, name)
        found.append(Part(name, float(families["part"].sum()), families, name in _EVERYONE))
    return found


def _summed(cell: Cell, name: str) -> pl.DataFrame:
    if name in STRENGTHS or name in SIZES:
        return behind_node(cell.study, cell.technology, cell.span, cell.name, name, kind=cell.kind)
    return SUMS[name](cell)


# --- sums over families ---------------------------------------------------------------------------


def _inside(cell: Cell) -> NDArray[np.float64]:
    return cell.study.chosen(cell.technology, cell.span).astype(np.float64)


def _located(cell: Cell, weight: NDArray[np.number] | None = None) -> pl.DataFrame:
    """Families of the technology and period with a known country, each counted once."""
    known = _inside(cell) * cell.study.shares.located
    return behind_families(known if weight is None else known * weight.astype(np.float64))


def _of_all(cell: Cell, weight: NDArray[np.float64]) -> pl.DataFrame:
    """Tell what all countries (organisations) together hold of the families of a row."""
    shares = cell.study.shares_of(cell.kind)
    everyone = shares.matrix @ np.ones(len(shares.names))
    return behind_families(everyone * weight)


def _values(study: Study) -> NDArray[np.float64]:
    found = np.zeros(study.rows)
    found[: study.families] = study.valued.value
    return found


def _values_abroad(cell: Cell) -> pl.DataFrame:
    weight = np.zeros(cell.study.rows)
    weight[: cell.study.families] = cell.study.valued.outside(cell.name)
    return behind_families(_held(cell) * weight * _inside(cell))


def _held(cell: Cell) -> NDArray[np.float64]:
    return cell.study.shares_of(cell.kind).held_by(cell.name)


def _received_by_all(cell: Cell) -> pl.DataFrame:
    i, j = cell.study.spread_of(cell.kind).ends
    found = behind_links(
        cell.study, cell.technology, cell.span, i != j, end="cited", kind=cell.kind
    )
    return _by_family(found)


def _to_itself(cell: Cell) -> pl.DataFrame:
    """Citations of an organisation to its own families, by the citing family."""
    i, j = cell.study.spread_of(cell.kind).ends
    own = np.array([name == cell.name for name in cell.study.shares_of(cell.kind).names])
    found = behind_links(
        cell.study,
        cell.technology,
        cell.span,
        gathered(own, i) & (i == j),
        end="citing",
        kind=cell.kind,
        keep_self=True,
    )
    return _by_family(found)


def _by_family(links: pl.DataFrame) -> pl.DataFrame:
    summed = links.group_by("family").agg(part=pl.col("weight").sort().sum())
    return summed.filter(pl.col("part") > 0).sort("family")


def _listed(study: Study) -> NDArray[np.float64]:
    """In how many of the listed technologies each row is."""
    count = np.zeros(study.rows)
    for inside in study.fields.values():
        count[: inside.size] += inside
    return count


def _in_listed(cell: Cell) -> NDArray[np.float64]:
    return _listed(cell.study) * cell.study.in_span(cell.span)


def _totals(cell: Cell) -> pl.DataFrame:
    path = cell.study.options.totals
    assert path is not None  # without it the cell has no value
    table = read_totals(Path(path))
    if "year" in table.columns:
        table = table.filter(pl.col("year").is_between(*cell.span))
    return table


def _of_countries_with_total(cell: Cell) -> pl.DataFrame:
    shares = cell.study.shares
    known = np.isin(shares.names, _totals(cell)["country"].unique().to_list())
    held: NDArray[np.float64] = shares.matrix @ known.astype(np.float64)
    return behind_families(held * _inside(cell))


def _located_links(cell: Cell, direction: str, *, known: bool) -> pl.DataFrame:
    counts = located_links(cell.study, cell.technology, cell.span)[direction][int(known)]
    return behind_families(_held(cell) * counts)


#: What is summed over families, by name, beside `STRENGTHS` and `SIZES`.
SUMS: Mapping[str, Callable[[Cell], pl.DataFrame]] = {
    "located families": _located,
    "located international families": lambda c: _located(c, c.study.international),
    "received by all": _received_by_all,
    "self_citations": _to_itself,
    "value_foreign": _values_abroad,
    "value of all": lambda c: _of_all(c, _values(c.study) * _inside(c)),
    "families in listed technologies": lambda c: behind_families(_held(c) * _in_listed(c)),
    "families of all": lambda c: _of_all(c, _inside(c)),
    "families of all in listed technologies": lambda c: _of_all(c, _in_listed(c)),
    "families of countries with a total": _of_countries_with_total,
    "given, located": lambda c: _located_links(c, "given", known=True),
    "given, all": lambda c: _located_links(c, "given", known=False),
    "received, located": lambda c: _located_links(c, "received", known=True),
    "received, all": lambda c: _located_links(c, "received", known=False),
}
#: Sums over all countries.
_EVERYONE = (
    "located families",
    "located international families",
    "received by all",
    "value of all",
    "families of all",
    "families of all in listed technologies",
    "families of countries with a total",
)


def _in_row(cell: Cell, column: str) -> float:
    found = cell.row[column]
    return float(found) if isinstance(found, int | float) else 0.0


#: Numbers that are no sums over families.
_NUMBERS: Mapping[str, Callable[[Cell], float]] = {
    "partners": lambda c: _in_row(c, "partners"),
    "received_expected": lambda c: _in_row(c, "received_expected"),
    "given_expected": lambda c: _in_row(c, "given_expected"),
    "total of the country": lambda c: float(
        _totals(c).filter(pl.col("country") == c.name)["families"].sum()
    ),
    "total of all countries": lambda c: float(_totals(c)["families"].sum()),
}


# --- sources --------------------------------------------------------------------------------------


def _sources(cell: Cell) -> pl.DataFrame:
    """Tell what families of the country give to each other country, the cited end anywhere."""
    spread = cell.study.spread
    at = spread.names.index(cell.name) if cell.name in spread.names else -1
    i, j = spread.ends
    cells = (i == at) & (j != at)
    found = behind_links(
        cell.study, cell.technology, cell.span, cells, end="citing", scope="citing"
    )
    names = pl.Series(spread.names, dtype=pl.String).gather(j[found["cell"].to_numpy()])
    return found.with_columns(source=names).filter(pl.col("weight") > 0)


def _to_each(cell: Cell) -> list[Part]:
    """Tell what the country gives to each source; largest first."""
    found = [
        _part(f"to {source}", families) for (source,), families in _sources(cell).group_by("source")
    ]
    return sorted(found, key=lambda part: (-part.value, part.name))


def _part(name: str, links: pl.DataFrame) -> Part:
    families = _by_family(links)
    return Part(name, float(families["part"].sum()), families)


def _classes(cell: Cell, *, own: bool) -> dict[str, int]:
    """Class of each source: its own membership, or as the country of the cell sees it."""
    study = cell.study
    links = study.links(cell.technology, cell.span, scope="citing")
    of_partner, of_itself = partner_classes(
        links, year=study.year_of_membership, memberships=study.memberships
    )
    codes = links.countries
    classes = of_itself if own else of_partner[codes.index(cell.name)]
    return dict(zip(codes, classes.tolist(), strict=True))


def _to_classes(cell: Cell, labels: Sequence[str], *, own: bool) -> list[Part]:
    classes, found = _classes(cell, own=own), _sources(cell)
    of_source = found["source"].replace_strict(classes, default=None, return_dtype=pl.Int64)
    return [
        _part(label, found.filter(of_source == number))
        for number, label in enumerate(labels, start=1)
    ]


def _bloc(number: int) -> Rule:
    """Return the part of what is given that goes to members of a bloc."""
    label, every = f"given to {_BLOCS[number]}", "given, cited end anywhere"

    def parts(cell: Cell) -> list[Part]:
        to_bloc = _to_classes(cell, _BLOCS, own=True)[number]
        return [Part(label, to_bloc.value, to_bloc.families), _part(every, _sources(cell))]

    return Rule(parts, f"{label} / {every}", _ratio)


_BLOCS = ("EU members", "OECD or NATO members outside the EU", "others")
_CLASSES = ("class 1: both EU", "class 2: both OECD or NATO", "class 3: other")


def _shares(sums: Sums) -> list[float]:
    total = sum(sums)
    return [x / total for x in sums if x > 1e-12 * total]


def _entropy(sums: Sums) -> float:
    return -sum(p * math.log(p) for p in _shares(sums))


def _evenness(sums: Sums) -> float | None:
    return _entropy(sums) / math.log(len(sums)) if len(sums) > 1 else None


# --- columns --------------------------------------------------------------------------------------


def _ratio(sums: Sums) -> float | None:
    return sums[0] / sums[1] if sums[1] else None


def _balance(sums: Sums) -> float | None:
    received, given = sums
    return (received - given) / (received + given) if received + given else None


def _report_balance(sums: Sums) -> float | None:
    received, given, families, partners, everyone = sums
    if not (families and partners and everyone):
        return None
    return received / everyone * (received - given) / (families * partners)


def _rca(sums: Sums) -> float | None:
    cell, country, technology, everything = sums
    return (cell / country) / (technology / everything) if country and technology else None


def _measurable(sums: Sums) -> float | None:
    pairs = [(sums[k], sums[k + 1]) for k in (0, 2) if sums[k + 1]]
    return float(min(known / every for known, every in pairs) >= MEASURABLE) if pairs else None


_ESTIMATED = "estimated from how many citations go to each source (method notes)"
_NETWORK = "from all links of the technology and period; here those of this one"


def _network() -> Rule:
    return Rule(("received", "given"), _NETWORK)


def _rank(what: str) -> Rule:
    return Rule((what,), f"rank by {what}, 1 = largest")


#: Columns of countries.csv, and what each rests on.
COUNTRIES: Mapping[str, Rule] = {
    "families": Rule(("families",)),
    "family_share": Rule(("families", "located families"), "families / located families", _ratio),
    "family_rank": _rank("families"),
    "families_international": Rule(("families_international",)),
    "international_share": Rule(
        ("families_international", "located international families"),
        "families_international / located international families",
        _ratio,
    ),
    "international_rank": _rank("families_international"),
    "received": Rule(("received",)),
    "given": Rule(("given",)),
    "domestic": Rule(("domestic",)),
    "received_per_family": Rule(
        ("received", "families_to_date"), "received / families_to_date", _ratio
    ),
    "given_per_family": Rule(("given", "families"), "given / families", _ratio),
    "foreign_share": Rule(
        ("given", "domestic"),
        "given / (given + domestic)",
        lambda s: s[0] / (s[0] + s[1]) if s[0] + s[1] else None,
    ),
    "partners": Rule(("received", "given"), "number of countries at the other end of these"),
    "balance_ratio": Rule(
        ("received", "given"), "(received - given) / (received + given)", _balance
    ),
    "balance": Rule(
        ("received", "given", "families", "partners", "received by all"),
        "received / received by all * (received - given) / (families * partners)",
        _report_balance,
    ),
    "balance_dyadic": Rule(
        ("received", "given"), "mean asymmetry over partners, times the share of received"
    ),
    "pure_importer": Rule(
        ("received", "given"), "received = 0 and given > 0", lambda s: float(s[0] == 0 < s[1])
    ),
    "received_expected": Rule(
        ("families_to_date",), "what size and age of these lead to expect, given what others give"
    ),
    "received_ratio": Rule(
        ("received", "received_expected"), "received / received_expected", _ratio
    ),
    "given_expected": Rule(("families",), "what size and age of these lead to expect"),
    "given_ratio": Rule(("given", "given_expected"), "given / given_expected", _ratio),
    "received_share": Rule(("received", "received by all"), "received / received by all", _ratio),
    "received_rank": _rank("received"),
    "pagerank": _network(),
    "betweenness": _network(),
    "harmonic_in": _network(),
    "core": _network(),
    "core_distance": _network(),
    "core_distance_relative": _network(),
    "near_core": _network(),
    "source_countries": Rule(
        _to_each, "number of sources p, p = part / sum of parts", lambda s: float(len(_shares(s)))
    ),
    "source_effective": Rule(
        _to_each,
        "exp(-sum of p ln p), p = part / sum of parts",
        lambda s: math.exp(_entropy(s)) if s else None,
    ),
    "source_hill2": Rule(
        _to_each,
        "1 / sum of p squared, p = part / sum of parts",
        lambda s: 1 / sum(p * p for p in _shares(s)) if s else None,
    ),
    "source_effective_estimated": Rule(_to_each, _ESTIMATED),
    "source_effective_rarefied": Rule(_to_each, _ESTIMATED),
    "source_hill2_estimated": Rule(_to_each, _ESTIMATED),
    "source_evenness": Rule(
        _to_each, "-sum of p ln p / ln(number of parts), p = part / sum of parts", _evenness
    ),
    "source_hhi": Rule(
        _to_each,
        "sum of p squared, p = part / sum of parts",
        lambda s: sum(p * p for p in _shares(s)) if s else None,
    ),
    "share_eu": _bloc(0),
    "share_oecd_nato": _bloc(1),
    "share_other": _bloc(2),
    "similarity": Rule(
        lambda cell: _to_classes(cell, _CLASSES, own=False),
        "(class 1 + 2 * class 2 + 3 * class 3) / sum of the three",
        lambda s: (s[0] + 2 * s[1] + 3 * s[2]) / sum(s) if sum(s) else None,
    ),
    "rca": Rule(
        (
            "families",
            "total of the country",
            "families of countries with a total",
            "total of all countries",
        ),
        "(families / total of the country) / "
        "(families of countries with a total / total of all countries)",
        _rca,
    ),
    "rca_within": Rule(
        (
            "families",
            "families in listed technologies",
            "families of all",
            "families of all in listed technologies",
        ),
        "(families / families in listed technologies) / "
        "(families of all / families of all in listed technologies)",
        _rca,
    ),
    "value": Rule(("value",)),
    "value_foreign": Rule(("value_foreign",)),
    "value_share": Rule(("value", "value of all"), "value / value of all", _ratio),
    "value_rank": _rank("value"),
    "citations_per_family": Rule(
        ("cited_by_families", "families"), "cited_by_families / families", _ratio
    ),
    "measurable": Rule(
        ("given, located", "given, all", "received, located", "received, all"),
        f"the smaller of located / all in both directions is at least {MEASURABLE:g}",
        _measurable,
    ),
}
#: Columns of organisations.csv, and what each rests on.
ORGANISATIONS: Mapping[str, Rule] = {
    name: COUNTRIES[name]
    for name in (
        "families",
        "family_rank",
        "received",
        "given",
        "citations_per_family",
        "value",
        "value_rank",
        "pagerank",
        "betweenness",
    )
} | {"self_citations": Rule(("self_citations",))}
#: Columns that rest on no family and no link, and on what instead.
NO_FAMILIES: Mapping[str, str] = {
    "technology": "the definitions",
    "period": "the options",
    "country": "the key of the row",
    "organisation": "the key of the row",
    "name": "the table of countries",
    "similarity_class": "memberships of both countries",
    "no_bloc": "memberships of the country",
    "truncated": "the data date",
}
