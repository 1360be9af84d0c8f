"""The families and documents behind a number, and how they add up to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from netpos import analysis, countries, options
from netpos.analysis import behind
from netpos.analysis.study import Kind, Span, Study
from netpos.errors import InputError, OptionError
from netpos.ingest.corpus import open_corpus, reading

#: Cells that are sums over families.
ADDITIVE = (
    "families",
    "families_international",
    "received",
    "given",
    "domestic",
    "value",
    "weight",
)
#: Cells made of sums: numerator and denominator, or the terms; all others of what is received and
#: given.
PARTS = {
    "balance_ratio": ("received", "given"),
    "received_per_family": ("received", "families_to_date"),
    "given_per_family": ("given", "families"),
    "foreign_share": ("given", "domestic"),
    "citations_per_family": ("cited_by_families", "families"),
    "family_share": ("families",),
    "received_share": ("received",),
    "family_rank": ("families",),
    "received_rank": ("received",),
    "international_share": ("families_international", "families"),
    "international_rank": ("families_international",),
    "value_share": ("value",),
    "value_rank": ("value",),
    "rca": ("families",),
    "rca_within": ("families",),
    **dict.fromkeys(
        (
            *("source_countries", "source_effective", "source_evenness", "source_hhi"),
            *("share_eu", "share_oecd_nato", "share_other", "similarity"),
        ),
        ("sources",),
    ),
}


@dataclass(frozen=True)
class Part:
    """One sum over families: its name, its value, each family's contribution and its documents."""

    name: str
    value: float
    families: pl.DataFrame
    documents: Mapping[int, Sequence[Mapping[str, object]]]


@dataclass(frozen=True)
class Explanation:
    """What stands in the cell, and the sums behind it.

    ``value`` is the cell of the table; with one additive part it equals that part's sum.
    """

    cell: str
    value: float | None
    additive: bool
    parts: Sequence[Part]


@contextmanager
def open_results(folder: Path) -> Iterator[Study]:
    """Make the study of a results folder again from its corpus and options.

    Nobody changes the corpus as long as the block runs.

    Raises
    ------
    InputError
        The folder holds no results, or the corpus they were made from is gone or being changed.
    """
    try:
        run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        where = run["corpus"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = "name the --out folder of a run"
        raise InputError("no results of netpos here", file=folder, remedy=remedy) from error
    corpus = open_corpus(folder / where)
    chosen = options.make({k: v for k, v in run["options"].items() if v is not None})
    with reading(corpus):
        yield analysis.prepare(corpus, chosen)


def explain(
    folder: Path,
    *,
    technology: str = analysis.UNION,
    period: str = "all",
    country: str | None = None,
    organisation: str | None = None,
    indicator: str = "families",
    citing: str | None = None,
    cited: str | None = None,
) -> Explanation:
    """Tell what is behind one cell of countries.csv, organisations.csv or links.csv.

    Parameters
    ----------
    folder
        Results of a run.
    technology, period
        Which row.
    country, organisation, indicator
        A cell of countries.csv or organisations.csv.
    citing, cited
        A cell of links.csv instead.

    Raises
    ------
    InputError, OptionError
        There is no such result, technology, period, country or indicator.
    """
    with open_results(folder) as study:
        rows, span = _row(study, technology, period)
        if citing or cited:
            return _link_cell(study, folder, rows, span, citing, cited)
        return _table_cell(study, folder, rows, span, country, organisation, indicator)


def _row(study: Study, technology: str, period: str) -> tuple[dict[str, str], Span]:
    """Keys of the rows asked for, and the years of the period."""
    if technology not in study.member:
        known = ", ".join(study.names)
        raise OptionError(f"--technology {technology}: unknown", remedy=f"known: {known}")
    spans = dict(study.options.spans())
    if period not in spans:
        raise OptionError(f"--period {period}: unknown", remedy=f"known: {', '.join(spans)}")
    return {"technology": technology, "period": period}, spans[period]


def _link_cell(
    study: Study,
    folder: Path,
    rows: dict[str, str],
    span: Span,
    citing: str | None,
    cited: str | None,
) -> Explanation:
    if not (citing and cited):
        raise OptionError("--citing and --cited belong together", remedy="give both")
    for code in (citing, cited):
        if not countries.is_country(code):
            raise OptionError(f"'{code}' is no country", remedy="use ISO 3166 alpha-2")
    keys = {**rows, "citing": citing, "cited": cited}
    value = _cell(folder, "links", keys, "weight", absent=0.0)
    part = _link(study, rows["technology"], span, citing, cited)
    return Explanation(f"citations {citing} -> {cited}", value, True, [part])


def _table_cell(
    study: Study,
    folder: Path,
    rows: dict[str, str],
    span: Span,
    country: str | None,
    organisation: str | None,
    indicator: str,
) -> Explanation:
    if (country is None) == (organisation is None):
        remedy = "give --country CODE, --organisation NAME, or --citing and --cited"
        raise OptionError("which number?", remedy=remedy)
    kind: Kind = "country" if country else "organisation"
    name = country or organisation
    assert name is not None  # one of the two is given
    table = "countries" if kind == "country" else "organisations"
    value = _cell(folder, table, {**rows, kind: name}, indicator)
    if indicator in ADDITIVE:
        names: Sequence[str] = (indicator,)
    else:
        names = PARTS.get(indicator, ("received", "given"))
    parts = [_part(study, rows["technology"], span, kind, name, each) for each in names]
    return Explanation(f"{indicator} of {name}", value, indicator in ADDITIVE, parts)


def _cell(
    folder: Path, table: str, keys: dict[str, str], column: str, *, absent: float | None = None
) -> float | None:
    frame = pl.read_parquet(folder / "tables" / f"{table}.parquet")
    if column not in frame.columns:
        remedy = f"columns are {', '.join(frame.columns[2:])}"
        raise OptionError(f"--indicator {column}: no such column in {table}.csv", remedy=remedy)
    found = frame.filter([pl.col(k) == v for k, v in keys.items()])
    if not found.height and absent is not None:
        return absent
    if not found.height:
        what = ", ".join(f"{k} {v}" for k, v in keys.items())
        raise OptionError(f"{table}.csv has no row with {what}", remedy="see the table")
    value = found[column][0]
    return None if value is None else float(value)


def _outside_names(study: Study) -> pl.Series:
    """What to call a document outside the corpus that has a country (``--residences``)."""
    number = pl.concat_str("office", "doc_number", "kind", ignore_nulls=True)
    table = study.corpus.table("outside").select(family_id=pl.coalesce("lens_id", number))
    return table["family_id"]


def _summed(study: Study, name: str, table: pl.DataFrame) -> Part:
    """The part with this name, from what each family adds to it."""
    ids = pl.concat([study.corpus.families["family_id"], _outside_names(study)])
    listed = table.select(
        "family", family_id=ids.gather(table["family"]), contribution="part"
    ).sort(["contribution", "family_id"], descending=[True, False])
    total = float(table["part"].sort().sum())
    return Part(name, total, listed, _documents(study, listed["family"]))


def _link(study: Study, technology: str, span: Span, citing: str, cited: str) -> Part:
    names = study.shares.names
    i, j = (names.index(code) if code in names else -1 for code in (citing, cited))
    cells = (study.spread.ends[0] == i) & (study.spread.ends[1] == j)
    found = behind.behind_links(study, technology, span, cells, end="citing")
    return _summed(study, "weight", found.select("family", part="weight"))


def _part(study: Study, technology: str, span: Span, kind: Kind, name: str, what: str) -> Part:
    return _summed(study, what, behind.behind_node(study, technology, span, name, what, kind=kind))


def _documents(study: Study, families: pl.Series) -> dict[int, list[dict[str, object]]]:
    docs = study.corpus.documents.filter(pl.col("family").is_in(families.implode()))
    found: dict[int, list[dict[str, object]]] = {}
    for family, lens_id, file, line in docs.select("family", "lens_id", "file", "line").iter_rows():
        found.setdefault(family, []).append({"lens_id": lens_id, "file": file, "line": line})
    return found


def as_dict(found: Explanation) -> dict[str, object]:
    """Plain values: ``value, sum, families`` with documents, or ``parts`` for a ratio.

    A cited document outside the corpus that a table of residences gives a country stands among
    the families under its Lens ID (else its number), without documents.
    """
    parts: list[dict[str, object]] = [
        {
            "name": one.name,
            "sum": one.value,
            "families": [
                {
                    "family_id": ident,
                    "contribution": value,
                    "documents": one.documents.get(number, []),
                }
                for number, ident, value in one.families.iter_rows()
            ],
        }
        for one in found.parts
    ]
    head: dict[str, object] = {"cell": found.cell, "value": found.value, "additive": found.additive}
    if found.additive:
        return head | {"sum": parts[0]["sum"], "families": parts[0]["families"]}
    return head | {"parts": parts}


def paragraphs(found: Explanation, *, most: int = 20) -> str:
    """Lines a person can read: the value, then each family with its part and its documents."""
    content = as_dict(found)
    shown = "undefined" if found.value is None else f"{found.value:.12g}"
    lines = [f"{found.cell}: {shown}"]
    parts = [content] if found.additive else content["parts"]
    for part in parts:  # type: ignore[attr-defined] # a list of dicts
        families = part["families"]
        name = part.get("name")
        label = f"{name}: " if name else ""
        lines.append(f"{label}{part['sum']:.12g} from {len(families):,} families")
        for family in families[:most]:
            where = ", ".join(
                f"{d['lens_id']} ({d['file']}:{d['line']})" for d in family["documents"][:3]
            )
            where = where or "a document outside the corpus"
            lines.append(f"  {family['contribution']:.6g}  {family['family_id']}  {where}")
        if len(families) > most:
            lines.append(f"  and {len(families) - most:,} more; --json lists all")
    return "\n".join(lines)
