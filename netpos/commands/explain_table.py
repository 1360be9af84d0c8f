"""What is behind a cell of the tables of science, companies, chain, intensity and papers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from netpos.commands.explain import open_results
from netpos.commands.papers import read_papers, work_files
from netpos.commands.results_folder import open_run, results_table
from netpos.errors import InputError, OptionError
from netpos.files import fingerprint
from netpos.options import parse_periods
from netpos.viz.meanings import definition

#: Columns that follow from others of their row: what is computed, and is computed again.
OF_THE_ROW: dict[str, dict[str, str]] = {
    "companies": {
        "startup_share": "startups / startups_all",
        "scaleup_share": "scaleups / scaleups_all",
        "startup_funding_share": "startup_funding / startup_funding_all",
        "scaleup_funding_share": "scaleup_funding / scaleup_funding_all",
        "scaleup_ratio": "scaleups / (startups + scaleups)",
    },
    "science": {
        "share": "works / works_all",
        "rai_change": "rai_change_own - rai_change_world",
    },
    "chain": {"share": "numerator / denominator"},
    "intensity": {"intensity": "100 * berd / base", "covered": "compared_berd / berd"},
    "decomposition": {
        "gap": "intensity - intensity_benchmark",
        "structure_share": "structure / gap",
    },
    "sectors": {
        "weight": "value_added / base",
        "intensity": "berd / value_added",
        "structure_a": "100 * (weight - weight_benchmark) * intensity_benchmark",
        "intrinsic_a": "100 * weight * (intensity - intensity_benchmark)",
        "structure_b": "100 * (weight - weight_benchmark) * intensity",
        "intrinsic_b": "100 * weight_benchmark * (intensity - intensity_benchmark)",
        "structure_c": "(structure_a + structure_b) / 2",
        "intrinsic_c": "(intrinsic_a + intrinsic_b) / 2",
        "interaction": "structure_b - structure_a",
    },
    "science_linkage": {
        "papers_per_family": "papers / families",
        "home_source": "home / papers",
        "home_use": "home / used",
    },
    "science_link_coverage": {"identified_share": "identified / references"},
}
#: What tells the rows of a table apart.
KEYS = {
    "companies": ("technology", "country"),
    "company_coverage": ("technology",),
    "science": ("technology", "period", "country"),
    "science_trend": ("technology", "year", "country"),
    "science_cells": ("technology", "year", "type"),
    "science_coverage": ("technology", "year", "type"),
    "chain": ("technology", "stage"),
    "intensity": ("year", "country"),
    "decomposition": ("year", "variant"),
    "sectors": ("year", "sector"),
    "cells": ("country", "product"),
    "products": ("product",),
    "basis": (),
    "top_products": ("product",),
    "complex_products": ("product",),
    "opportunities": ("product",),
    "science_links": ("technology", "period", "citing", "cited"),
    "science_linkage": ("technology", "period", "country"),
    "science_link_coverage": ("technology", "period"),
}
_WHOLE = "all"
_CLOSE = 1e-9
_NO_KEY = {"technology": _WHOLE, "period": _WHOLE}


@dataclass(frozen=True)
class Found:
    """A cell, what it means, what it is made of, and the records behind it.

    ``parts`` are numbers by name; ``records`` has a column ``contribution`` where each adds to the
    cell.
    """

    cell: str
    value: object
    meaning: str
    formula: str = ""
    parts: Mapping[str, object] = field(default_factory=dict)
    interval: tuple[float, float, str] | None = None
    records: pl.DataFrame | None = None


def explain_table(folder: Path, table: str, row: str, column: str) -> Found:
    """Explain a cell.

    Parameters
    ----------
    folder
        Results.
    table
        Name of the table.
    row
        ``key=value,key=value``; technology and period are ``all`` where they are not named.
    column
        Of the table.

    Raises
    ------
    InputError
        The results are damaged, or what they were made from is gone or another.
    OptionError
        There is no such table, row or column.
    """
    if table not in KEYS:
        raise OptionError(f"--table {table}: unknown", remedy=f"known: {', '.join(sorted(KEYS))}")
    open_run(folder)
    rows = results_table(folder, table, {})
    if column not in rows.columns:
        remedy = f"columns are {', '.join(rows.columns)}"
        raise OptionError(f"--indicator {column}: no such column in {table}.csv", remedy=remedy)
    keys = _keys(table, row, rows)
    for name, value in keys.items():
        rows = rows.filter(pl.col(name).cast(pl.String) == value)
    if rows.height != 1:
        what = ", ".join(f"{k} {v}" for k, v in keys.items())
        many = "no row" if not rows.height else f"{rows.height} rows"
        remedy = f"name it with --row {','.join(f'{k}=...' for k in KEYS[table])}"
        raise OptionError(f"{table}.csv has {many} with {what or 'nothing'}", remedy=remedy)
    found = rows.row(0, named=True)
    cell = f"{column} of {table}" + "".join(f", {k} {v}" for k, v in keys.items())
    formula, parts = _of_the_row(rows, table, column)
    if not formula and (other := _OTHER.get((table, column))) is not None:
        formula, parts = other(folder, found)
    if formula and isinstance(found[column], int | float):
        _check(parts.pop("", None), float(found[column]), cell)
    parts.pop("", None)
    records = None
    if (listed := _RECORDS.get(table)) is not None and found[column] is not None:
        records = listed(folder, found, column)
    return Found(
        cell,
        found[column],
        definition(table, column) or "",
        formula,
        parts,
        _interval(table, found, column),
        records,
    )


def _keys(table: str, row: str, rows: pl.DataFrame) -> dict[str, str]:
    found = {}
    for piece in filter(None, (p.strip() for p in row.split(","))):
        name, _, value = piece.partition("=")
        if name.strip() not in rows.columns or not value:
            remedy = f"write {','.join(f'{k}=...' for k in KEYS[table])}"
            raise OptionError(f"--row {piece}: not understood", remedy=remedy)
        found[name.strip()] = value.strip()
    defaults = {k: v for k, v in _NO_KEY.items() if k in KEYS[table]}
    return defaults | found


def _of_the_row(rows: pl.DataFrame, table: str, column: str) -> tuple[str, dict[str, Any]]:
    """Return the formula of a column, its parts, and under no name what it gives."""
    formula = OF_THE_ROW.get(table, {}).get(column)
    if formula is None:
        return "", {}
    expression = pl.sql_expr(formula)
    parts = {c: rows[c][0] for c in rows.columns if c in set(expression.meta.root_names())}
    if any(v is None for v in parts.values()):
        return formula, parts
    parts[""] = rows.cast(dict.fromkeys(parts, pl.Float64)).select(expression).item()
    return formula, parts


def _check(given: object, value: float, cell: str) -> None:
    if not isinstance(given, int | float):
        return
    if abs(given - value) > _CLOSE * max(1.0, abs(value)):
        problem = f"the parts give {given:.12g} for {cell}, the table has {value:.12g}"
        raise InputError(problem, remedy="the results were changed: run again")


def _interval(table: str, row: Mapping[str, Any], column: str) -> tuple[float, float, str] | None:
    low, high = f"{column}_low", f"{column}_high"
    if table == "chain" and column == "share":
        low, high = "low", "high"
    if row.get(low) is None or row.get(high) is None:
        return None
    return row[low], row[high], definition(table, low) or ""


# --- from other rows ------------------------------------------------------------------------------

Other = Callable[[Path, Mapping[str, Any]], tuple[str, dict[str, Any]]]


def _stage(first: bool) -> Other:
    def found(folder: Path, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        steps = ["publications", "families", "startups", "scaleups"]
        rows = results_table(folder, "chain", {}).filter(technology=row["technology"])
        shares = {r["stage"]: r["share"] for r in rows.to_dicts()}
        if first:
            before = steps[0]
        else:
            known = [s for s in steps[: steps.index(row["stage"])] if shares.get(s) is not None]
            before = known[-1] if known else steps[0]
        parts = {row["stage"]: row["share"], before: shares.get(before)}
        given = {} if not parts[before] else {"": row["share"] / parts[before]}
        return f"share of {row['stage']} / share of {before}", parts | given

    return found


def _sum_of_sectors(name: str) -> Other:
    def found(folder: Path, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        variant = row["variant"].lower()
        letter = {"d": "a" if name == "structure" else "b"}.get(variant, variant)
        column = name if name == "interaction" else f"{name}_{letter}"
        rows = results_table(folder, "sectors", {}).filter(year=row["year"])
        parts = dict(rows.select("sector", column).iter_rows())
        return f"sum of {column} over sectors", parts | {"": rows[column].sum()}

    return found


def _mean_of_works(score: str) -> Other:
    def found(folder: Path, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        rows = _behind_works(folder, row)
        if rows is None or not rows.height:
            return "", {}
        rows = rows.drop_nulls("score").sort("key")
        parts = {
            f"sum of share x {score}": float((rows["share"] * rows[score]).sum()),
            "sum of share": float(rows["share"].sum()),
        }
        one, two = parts.values()
        return " / ".join(parts), parts | ({"": one / two} if two else {})

    return found


def _rca(folder: Path, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    cells = results_table(folder, "cells", {}).filter(
        pl.lit(row.get("year")).is_null() | (pl.col("year") == row.get("year"))
        if "year" in row
        else pl.lit(value=True)
    )
    mine, same = pl.col("country") == row["country"], pl.col("product") == row["product"]
    parts = {
        "value": row["value"],
        "all of the country": cells.filter(mine)["value"].sum(),
        "all of the product": cells.filter(same)["value"].sum(),
        "all": cells["value"].sum(),
    }
    value, of_country, of_product, everything = (float(v) for v in parts.values())
    given = {}
    if of_country and of_product and everything:
        given = {"": (value / of_country) / (of_product / everything)}
    said = "(value / all of the country) / (all of the product / all)"
    return said, parts | given


def _score(folder: Path, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    options = json.loads((folder / "run.json").read_text(encoding="utf-8"))["options"]
    parts = {name: row[name] for name in ("distance", "pci", "gain")}
    mix = options.get("mix")
    weights = {} if mix is None else {"weights of nearness, complexity, gain": str(mix)}
    return "weighted sum of z(-distance), z(pci), z(gain) over all products", parts | weights


_OTHER: dict[tuple[str, str], Other] = {
    ("science", "fwci"): _mean_of_works("score"),
    ("science", "top10"): _mean_of_works("top"),
    ("cells", "rca"): _rca,
    ("opportunities", "score"): _score,
    ("chain", "retention"): _stage(first=True),
    ("chain", "step_ratio"): _stage(first=False),
    **{("decomposition", n): _sum_of_sectors(n) for n in ("structure", "intrinsic", "interaction")},
}


# --- records --------------------------------------------------------------------------------------


def evidence(folder: Path, name: str) -> pl.DataFrame:
    """Read records that a command kept beside its tables.

    Raises
    ------
    InputError
        They are not there, or cannot be read.
    """
    path = folder / "evidence" / f"{name}.parquet"
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError("the records behind are missing", file=path, remedy="run again") from error


def _companies(folder: Path, row: Mapping[str, Any], column: str) -> pl.DataFrame | None:
    kind = next((k for k in ("startup", "scaleup") if column.startswith(k)), None)
    if kind is None and column != "unicorns":
        return None
    both = column.startswith("scaleup_ratio")
    kinds = ["startup", "scaleup"] if both else [kind or "scaleup"]
    rows = evidence(folder, "companies").filter(pl.col("kind").is_in(kinds))
    if row["technology"] == _WHOLE:
        rows = rows.sort("company_id", "technology").unique("company_id", keep="first")
    else:
        rows = rows.filter(technology=row["technology"])
    rows = rows.filter(country=row["country"])
    if column == "unicorns" and "unicorn" in rows.columns:
        rows = rows.filter(pl.col("unicorn").fill_null(value=False))
    part = pl.col("funding") if "funding" in column else pl.lit(1.0)
    table = rows.select("company_id", "kind", "founded", "funding", contribution=part)
    if column in ("startups", "scaleups", "startup_funding", "scaleup_funding"):
        _check(table["contribution"].sum(), float(row[column]), column)
    return table.sort(["contribution", "company_id"], descending=[True, False], nulls_last=True)


def _behind_works(folder: Path, row: Mapping[str, Any]) -> pl.DataFrame | None:
    """Return the works of a country, technology and period; None where sums alone were given."""
    given = json.loads((folder / "run.json").read_text(encoding="utf-8"))["options"]
    if given.get("aggregates"):
        return None
    spans = dict(parse_periods(given["periods"], given["from"], given["to"]))
    first, last = spans.get(row["period"], (given["from"], given["to"]))
    works = evidence(folder, "science_works").filter(
        (pl.col("technology") == row["technology"]) & pl.col("year").is_between(first, last)
    )
    shares = evidence(folder, "science_shares").filter(country=row["country"])
    return works.join(shares, on="key")


def _works(folder: Path, row: Mapping[str, Any], column: str) -> pl.DataFrame | None:
    measures = {
        "works": pl.col("share"), "share": pl.col("share"), "works_full": pl.lit(1.0),
        "works_scored": pl.col("share"), "fwci": pl.col("share") * pl.col("score"),
        "top10": pl.col("share") * pl.col("top"), "fwci_full": pl.col("score"),
    }  # fmt: skip
    if column not in measures:
        return None
    rows = _behind_works(folder, row)
    if rows is None:
        return None
    if column in ("works_scored", "fwci", "top10", "fwci_full"):
        rows = rows.drop_nulls("score")
    table = rows.with_columns(contribution=measures[column])
    if column in ("works", "works_full", "works_scored"):
        _check(float(table["contribution"].sum()), float(row[column]), column)
    names = ["key", "year", "type", "citations", "expected", "score", "share", "contribution"]
    return table.select(names).sort(["contribution", "key"], descending=[True, False])


def _paper_links(folder: Path, row: Mapping[str, Any], column: str) -> pl.DataFrame | None:
    """Return families and papers behind a link of countries."""
    if column not in ("links", "families", "papers", "source_share", "use_share"):
        return None
    saw = json.loads((folder / "run.json").read_text(encoding="utf-8")).get("papers") or []
    with open_results(folder) as study:
        files = work_files(str(study.options.papers))
        now = [(p.name, fingerprint(p, str(p))[1]) for p in files]
        if now != [(s["name"], s["sha256"]) for s in saw]:
            problem = "these works are not what they were when the results were made"
            raise InputError(problem, file=files[0], remedy="run again")
        papers = read_papers(study)
        span = dict(study.options.spans())[row["period"]]
        chosen = papers.chosen(row["technology"], span)
        here = (
            pl.col("family").is_in(chosen.implode())
            & (pl.col("citing") == row["citing"])
            & (pl.col("cited") == row["cited"])
        )
        ids = study.corpus.columns("families", "family", "family_id")
        table = (
            papers.spread.filter(here)
            .join(papers.pairs, on=["family", "work"], how="left")
            .join(ids, on="family", how="left")
            .join(papers.works.works.select("work", paper="key"), on="work", how="left")
            .select("family_id", "paper", "by", contribution="weight")
        )
    if column == "links":
        _check(float(table["contribution"].sum()), float(row["links"]), column)
    order = ["contribution", "family_id", "paper"]
    return table.sort(order, descending=[True, False, False])


_RECORDS: dict[str, Callable[[Path, Mapping[str, Any], str], pl.DataFrame | None]] = {
    "companies": _companies,
    "science": _works,
    "science_links": _paper_links,
}


# --- as text --------------------------------------------------------------------------------------


def table_as_dict(found: Found) -> dict[str, object]:
    """Return plain values."""
    return {
        "cell": found.cell,
        "value": found.value,
        "meaning": found.meaning,
        "formula": found.formula,
        "parts": dict(found.parts),
        "interval": None if found.interval is None else list(found.interval),
        "records": None if found.records is None else found.records.to_dicts(),
    }


def table_paragraphs(found: Found, *, most: int = 20) -> str:
    """Write lines for a person: the value, its meaning, its parts, the records behind."""
    lines = [f"{found.cell}: {_shown(found.value)}"]
    if found.meaning:
        lines.append(f"meaning: {found.meaning}")
    if found.formula:
        lines.append(f"= {found.formula}")
        lines += [f"  {name}: {_shown(value)}" for name, value in found.parts.items()]
    if found.interval is not None:
        low, high, said = found.interval
        lines.append(f"interval: {low:.6g} to {high:.6g} (low: {said})")
    if found.records is not None:
        lines.append(f"behind it: {found.records.height:,} records")
        for row in found.records.head(most).iter_rows(named=True):
            lines.append("  " + "  ".join(f"{k} {_shown(v)}" for k, v in row.items()))
        if found.records.height > most:
            lines.append(f"  and {found.records.height - most:,} more; --json lists all")
    return "\n".join(lines)


def _shown(value: object) -> str:
    if value is None:
        return "not known"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
