"""The families and documents behind a number, and how they add up to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from netpos import analysis, countries, options
from netpos.analysis.behind import behind_links, owners
from netpos.analysis.explained import (
    COUNTRIES,
    NO_FAMILIES,
    ORGANISATIONS,
    Cell,
    Rule,
    parts_of,
)
from netpos.analysis.explained import Part as Sum
from netpos.analysis.study import Kind, Span, Study
from netpos.commands.option_files import found_again
from netpos.commands.results_folder import check_unchanged, corpus_of, open_run, results_table
from netpos.errors import InputError, OptionError
from netpos.ingest.corpus import open_corpus, reading
from netpos.tables import LENS_ID, LENS_PAGE, Schema

#: Columns of countries.csv that are sums over families; ``weight`` is that of links.csv.
ADDITIVE = (*(name for name, rule in COUNTRIES.items() if rule.additive), "weight")
#: By how much, relative to itself or absolute, what the families give may differ from the cell.
_CLOSE = 1e-9
#: Parts above which fewer families of each are printed.
_FEW_PARTS, _FEW_FAMILIES = 4, 3
_DOCUMENTS = pl.List(pl.Struct({"lens_id": pl.String, "file": pl.String, "line": pl.Int64}))


@dataclass(frozen=True)
class Part:
    """A number behind a cell: a sum over families, or a count or total that stands by itself.

    ``families`` has ``family`` (row number), ``family_id``, ``contribution``, ``documents`` (List
    of lens_id, file, line), ``title``, ``owners`` (List of names; natural persons are "a person"),
    ``year`` and ``link`` (a page at Lens), largest first; empty where ``everyone`` (a sum over all
    countries, of ``number`` families) or where no family adds to it.
    """

    name: str
    value: float
    families: pl.DataFrame
    number: int
    everyone: bool = False


@dataclass(frozen=True)
class Explanation:
    """What stands in the cell, and the sums behind it.

    ``value`` is the cell of the table; if ``additive`` it equals the sum of the one part, else
    ``formula`` says how it comes from the parts. A cell without a value has no parts.
    """

    cell: str
    value: float | None
    additive: bool
    formula: str
    parts: Sequence[Part]


@contextmanager
def open_results(folder: Path) -> Iterator[Study]:
    """Make the study of a results folder again from its corpus, options and kept files.

    Nobody changes the corpus as long as the block runs.

    Raises
    ------
    InputError
        The folder holds no results; the corpus they were made from is gone, has changed or is
        being changed; a file that an option names has changed.
    """
    run = open_run(folder)
    given = found_again(folder, run.options, run.option_files)
    chosen = options.make({k: v for k, v in given.items() if v is not None})
    corpus = open_corpus(corpus_of(folder, run))
    check_unchanged(folder, run, corpus)
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
    InputError
        There are no such results, or what they were made from is not what it was.
    OptionError
        There is no such technology, period, row or column, or nothing is behind it.
    """
    _check_question(country, organisation, indicator, citing, cited)
    run = open_run(folder)
    spans = dict(options.make({k: v for k, v in run.options.items() if v is not None}).spans())
    if period not in spans:
        raise OptionError(f"--period {period}: unknown", remedy=f"known: {', '.join(spans)}")
    keys = {"technology": technology, "period": period}
    if citing is not None and cited is not None:
        ends = [country_code(citing, "--citing"), country_code(cited, "--cited")]
        with open_results(folder) as study:
            _known(study, technology)
            return _link_cell(study, folder, keys, spans[period], *ends)
    kind: Kind = "country" if country is not None else "organisation"
    name = country_code(country, "--country") if country is not None else str(organisation)
    rules = COUNTRIES if kind == "country" else ORGANISATIONS
    with open_results(folder) as study:
        _known(study, technology)
        row = _row(folder, kind, {**keys, kind: name}, indicator, rules)
        cell = Cell(study, technology, spans[period], kind, name, row)
        return explain_cell(cell, indicator)


def _check_question(
    country: str | None,
    organisation: str | None,
    indicator: str,
    citing: str | None,
    cited: str | None,
) -> None:
    """See that one number is asked for."""
    if (citing is None) != (cited is None):
        raise OptionError("--citing and --cited belong together", remedy="give both")
    asked = [given is not None for given in (country, organisation, citing)]
    if sum(asked) != 1:
        remedy = "give --country CODE, --organisation NAME, or --citing and --cited"
        raise OptionError("which number?", remedy=remedy)
    if citing is not None and indicator not in ("families", "weight"):  # the default, or its name
        problem = f"--indicator {indicator}: between two countries there is the weight of the link"
        raise OptionError(problem, remedy="leave it out")


def country_code(given: str, option: str) -> str:
    """Return the code of a country in capitals.

    Raises
    ------
    OptionError
        It is none.

    Examples
    --------
    >>> country_code(" nl", "--citing")
    'NL'
    """
    code = given.strip().upper()
    if not countries.is_country(code) and not countries.is_union(code):
        raise OptionError(f"{option} '{given}' is no country", remedy="use ISO 3166 alpha-2")
    return code


def _known(study: Study, technology: str) -> None:
    if technology not in study.member:
        known = ", ".join(study.names)
        raise OptionError(f"--technology {technology}: unknown", remedy=f"known: {known}")


def _link_cell(
    study: Study, folder: Path, keys: dict[str, str], span: Span, citing: str, cited: str
) -> Explanation:
    texts = dict.fromkeys(("technology", "period", "citing", "cited"), pl.String())
    table = results_table(folder, "links", {**texts, "weight": pl.Float64()})
    found = table.filter(**keys, citing=citing, cited=cited)
    value = float(found["weight"][0]) if found.height else 0.0
    names = study.shares.names
    i, j = (names.index(n) if n in names else -1 for n in (citing, cited))
    cells = (study.spread.ends[0] == i) & (study.spread.ends[1] == j)
    links = behind_links(study, keys["technology"], span, cells, end="citing")
    families = links.select("family", part="weight").filter(pl.col("part") > 0)
    part = Sum("weight", float(families["part"].sum()), families)
    _check_close(part.value, value, "weight")
    return Explanation(
        f"citations {citing} -> {cited}", value, True, "", _with_documents(study, [part])
    )


def _row(
    folder: Path, kind: Kind, keys: dict[str, str], indicator: str, rules: Mapping[str, Rule]
) -> dict[str, object]:
    """Return the row of the table; the column must be one that rests on families or links."""
    name = "countries" if kind == "country" else "organisations"
    table = results_table(folder, name, dict.fromkeys(keys, pl.String()))
    if indicator not in table.columns and indicator not in rules:
        remedy = f"columns are {', '.join(c for c in table.columns if c in rules)}"
        raise OptionError(f"--indicator {indicator}: no such column in {name}.csv", remedy=remedy)
    if indicator not in rules:
        why = NO_FAMILIES.get(indicator)
        problem = f"--indicator {indicator}: no family adds to this column"
        if why is not None:
            raise OptionError(f"{problem}, it comes from {why}", remedy="choose another column")
        known = ", ".join(c for c in table.columns if c in rules)
        raise OptionError(problem, remedy=f"choose one of {known}")
    if indicator not in table.columns:
        problem = f"--indicator {indicator}: these results have no such column"
        raise OptionError(problem, remedy="run again")
    found = table.filter(**keys)
    if not found.height:
        what = ", ".join(f"{k} {v}" for k, v in keys.items())
        raise OptionError(f"{name}.csv has no row with {what}", remedy="see the table")
    return found.row(0, named=True)


def explain_cell(cell: Cell, indicator: str) -> Explanation:
    """Explain one column of a row; a cell without a value has nothing behind it.

    Raises
    ------
    InputError
        The families do not give what stands in the table.
    """
    rule = (COUNTRIES if cell.kind == "country" else ORGANISATIONS)[indicator]
    given = cell.row[indicator]
    if not isinstance(given, int | float):
        return Explanation(f"{indicator} of {cell.name}", None, rule.additive, rule.formula, ())
    value = float(given)
    parts = parts_of(cell, rule)
    sums = [p.value for p in parts]
    if rule.additive:
        _check_close(sums[0], value, indicator)
    elif rule.value is not None:
        _check_close(rule.value(sums), value, indicator)
    documents = _with_documents(cell.study, parts)
    return Explanation(f"{indicator} of {cell.name}", value, rule.additive, rule.formula, documents)


def _check_close(found: float | None, value: float, indicator: str) -> None:
    """See that what the families give is what stands in the table."""
    if found is None or abs(found - value) > _CLOSE * max(1.0, abs(value)):
        shown = "nothing" if found is None else f"{found:.12g}"
        problem = f"the families give {shown} for {indicator}, the table has {value:.12g}"
        remedy = "the results are of another netpos or were changed: run again"
        raise InputError(problem, remedy=remedy)


def _with_documents(study: Study, parts: Sequence[Sum]) -> list[Part]:
    """Name the families of the parts, and list their documents."""
    outside = pl.concat_str("office", "doc_number", "kind", ignore_nulls=True)
    ids = pl.concat(
        [
            study.corpus.families["family_id"],
            study.corpus.table("outside").select(pl.coalesce("lens_id", outside)).to_series(),
        ]
    )
    listed = [p.families["family"] for p in parts if p.families is not None and not p.everyone]
    asked = pl.concat(listed).unique() if listed else pl.Series([], dtype=pl.Int32)
    documents = (
        study.corpus.columns("documents", "family", "lens_id", "file", "line")
        .filter(pl.col("family").is_in(asked.implode()))
        .group_by("family", maintain_order=True)
        .agg(documents=pl.struct("lens_id", "file", pl.col("line").cast(pl.Int64)))
    )
    told = _told(study, ids.gather(asked.filter(asked < study.families)), documents)
    found = []
    for part in parts:
        number = 0 if part.families is None else part.families.height
        shown = _NONE if part.families is None or part.everyone else part.families
        table = (
            shown.with_columns(family_id=ids.gather(shown["family"]))
            .join(documents, on="family", how="left", maintain_order="left")
            .join(told, on="family_id", how="left", maintain_order="left")
            .select(
                "family",
                "family_id",
                pl.col("part").alias("contribution"),
                pl.col("documents").fill_null(pl.lit([], _DOCUMENTS)),
                "title",
                pl.col("owners").fill_null(pl.lit([], pl.List(pl.String))),
                "year",
                "link",
            )
            .sort("contribution", "family_id", descending=[True, False])
        )
        found.append(Part(part.name, part.value, table, number, part.everyone))
    return found


def _told(study: Study, ids: pl.Series, documents: pl.DataFrame) -> pl.DataFrame:
    """Tell what families are called, whose they are, of which year, and where Lens shows them."""
    rows = [
        (ident, o.title, [*o.organisations, *(["a person"] if o.person else [])], o.year)
        for ident, o in owners(study, ids.to_list()).items()
    ]
    schema: Schema = {
        "family_id": pl.String, "title": pl.String, "owners": pl.List(pl.String), "year": pl.Int64,
    }  # fmt: skip
    first = pl.col("documents").list.first().struct.field("lens_id")
    real = not any("synthetic" in i["name"] for i in study.corpus.manifest["inputs"])
    at_lens = first.str.contains(LENS_ID) & pl.lit(real)
    pages = documents.select(
        family_id=study.corpus.families["family_id"].gather(documents["family"]),
        link=pl.when(at_lens).then(pl.concat_str(pl.lit(LENS_PAGE), first)),
    )
    table = pl.DataFrame(rows, schema=dict(schema), orient="row")
    return table.join(pages, on="family_id", how="left", maintain_order="left")


_NONE = pl.DataFrame(schema={"family": pl.Int32, "part": pl.Float64})


def as_dict(found: Explanation) -> dict[str, object]:
    """Return plain values: ``value, sum, families`` with documents, or ``parts`` for a ratio.

    A cited document outside the corpus that a table of residences gives a country stands among
    the families under its Lens ID (else its number), without documents. A part that is a sum over
    all countries has ``number_of_families`` instead of the list.
    """
    head: dict[str, object] = {"cell": found.cell, "value": found.value, "additive": found.additive}
    if found.additive:
        if not found.parts:
            return head | {"sum": None, "families": []}
        return head | {"sum": found.parts[0].value, "families": _listed(found.parts[0])}
    return head | {"formula": found.formula, "parts": [_as_dict(part) for part in found.parts]}


def _as_dict(part: Part) -> dict[str, object]:
    if part.everyone:
        return {"name": part.name, "sum": part.value, "number_of_families": part.number}
    return {"name": part.name, "sum": part.value, "families": _listed(part)}


def _listed(part: Part) -> list[dict[str, object]]:
    return part.families.drop("family").to_dicts()


def paragraphs(found: Explanation, *, most: int = 20) -> str:
    """Write lines for a person: the value, then each family with its part and its documents."""
    shown = "empty in the table" if found.value is None else f"{found.value:.12g}"
    lines = [f"{found.cell}: {shown}"]
    if found.formula and found.parts:
        lines.append(f"= {found.formula}")
    for part in found.parts:
        label = "" if found.additive else f"{part.name}: "
        if not part.number:
            lines.append(
                f"{label}{part.value:.12g}" + (" from 0 families" if found.additive else "")
            )
            continue
        lines.append(f"{label}{part.value:.12g} from {part.number:,} families")
        if part.everyone:
            continue
        count = most if len(found.parts) <= _FEW_PARTS else min(most, _FEW_FAMILIES)
        listed = part.families.head(count)
        for _, ident, value, documents, title, names, year, link in listed.iter_rows():
            where = ", ".join(f"{d['lens_id']} ({d['file']}:{d['line']})" for d in documents[:3])
            where = where or "a document outside the corpus"
            lines.append(f"  {value:.6g}  {ident}  {where}")
            about = (title, ", ".join(names), year, link)
            if said := " · ".join(str(t) for t in about if t):
                lines.append(f"    {said}")
        if part.number > count:
            lines.append(f"  and {part.number - count:,} more; --json lists all")
    return "\n".join(lines)
