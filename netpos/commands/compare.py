"""What changed between two runs: data, options, versions, and every number of every table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from netpos.commands.results_folder import Run, open_run, results_table
from netpos.errors import InputError

#: Columns that say which row of a table it is, where a table has them.
KEYS = (
    "technology",
    "other",
    "period",
    "country",
    "citing",
    "cited",
    "source",
    "partner",
    "kind",
    "code",
    "direction",
    "rule",
    "pattern",
    "scheme",
    "office",
    "year",
    "family_id",
    "indicator",
    "counting",
    "by",
    "family",
    "scope",
    "window",
    "phase",
    "citing_office",
    "symbols",
    "utility_models",
    "classes",
    "other_country",
    "other_period",
)
#: Tables in which one of these, or another column, has another part.
_OWN_KEYS = {
    "organisations": ("technology", "period", "organisation"),
    "robustness": ("technology", "period", "country", "indicator"),
    "technologies": ("technology", "period"),
}
#: A number has moved when it differs by more than this part of itself.
_RELATIVE = 1e-9
#: Each cell that moved, and rows that only one run has.
_MOVED = {
    "table": pl.String,
    "technology": pl.String,
    "period": pl.String,
    "country": pl.String,
    "row": pl.String,
    "measure": pl.String,
    "before": pl.Float64,
    "after": pl.Float64,
    "before_text": pl.String,
    "after_text": pl.String,
}
_ROWS = dict.fromkeys(("table", "technology", "period", "country", "row", "change"), pl.String)


@dataclass(frozen=True)
class Comparison:
    """Differences between two runs; empty where nothing differs.

    ``numbers`` has a row for each cell that moved: ``table``; ``technology, period, country`` where
    the table has them, and the other keys in ``row``; ``measure``; ``before, after`` as numbers or
    ``before_text, after_text``, null where the cell is empty. ``rows`` are those that only one of
    the runs has: the keys and ``change`` (added, removed). ``tables`` tells in a line for each
    table what moved in it.
    """

    inputs: list[str]
    options: list[str]
    versions: list[str]
    counts: list[str]
    families: list[str]
    tables: list[str]
    numbers: pl.DataFrame
    rows: pl.DataFrame


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [
        f"{key}: {before.get(key)} -> {after.get(key)}"
        for key in sorted(set(before) | set(after))
        if before.get(key) != after.get(key)
    ]


def compare(before: Path, after: Path) -> Comparison:
    """Compare the results of two runs.

    Raises
    ------
    InputError
        A folder holds no results, or damaged ones.
    """
    one, two = open_run(before), open_run(after)
    tables, numbers, rows = _tables(before, after)
    return Comparison(
        _differences(_inputs(one), _inputs(two)),
        _differences(_options(one), _options(two)),
        _differences(
            {"netpos": one.netpos, **one.libraries}, {"netpos": two.netpos, **two.libraries}
        ),
        _differences(one.counts, two.counts),
        _families(before, one, after, two),
        tables,
        numbers,
        rows,
    )


def _inputs(run: Run) -> dict[str, str]:
    """Name of each export, with its role where it is context, and the start of its hash."""
    found: dict[str, list[str]] = {}
    for each in run.inputs:
        name = each.name if each.role == "seed" else f"{each.name} ({each.role})"
        found.setdefault(name, []).append(each.sha256[:12])
    return {name: " ".join(sorted(hashes)) for name, hashes in found.items()}


def _options(run: Run) -> dict[str, Any]:
    """Options, the content of the files they name, and the data date."""
    files = {f"{name}, the file": file.sha256[:12] for name, file in run.option_files.items()}
    date = {"data date": run.data_date} if run.data_date else {}
    return {**run.options, **files, **date}


def _families(before: Path, one: Run, after: Path, two: Run) -> list[str]:
    """Families that only one of the corpora has."""
    found = []
    for folder, run in ((before, one), (after, two)):
        path = None if run.corpus is None else folder / run.corpus / "families.parquet"
        if path is None or not path.is_file():
            return ["a corpus is gone, so families are not compared"]
        try:
            found.append(set(pl.read_parquet(path, columns=["family_id"])["family_id"]))
        except (OSError, pl.exceptions.PolarsError) as error:
            problem = "this table of a corpus cannot be read"
            raise InputError(problem, file=path, remedy="ingest the exports again") from error
    lines = []
    for label, only in (("gone", found[0] - found[1]), ("new", found[1] - found[0])):
        if only:
            some = ", ".join(sorted(only)[:5])
            lines.append(f"{len(only):,} families {label}: {some}{' ...' if len(only) > 5 else ''}")
    return lines


# --- tables ---------------------------------------------------------------------------------------


def _tables(before: Path, after: Path) -> tuple[list[str], pl.DataFrame, pl.DataFrame]:
    """Tell what moved in each table: a line, the cells, the rows."""
    names = [{p.stem for p in (f / "tables").glob("*.parquet")} for f in (before, after)]
    lines: list[str] = []
    numbers, rows = [pl.DataFrame(schema=_MOVED)], [pl.DataFrame(schema=_ROWS)]
    for name in sorted(names[0] | names[1] | {"countries"}, key=lambda n: (n != "countries", n)):
        there = [name in found for found in names]
        if name != "countries" and there != [True, True]:
            lines.append(f"{name}.csv: {'gone' if there[0] else 'new'}")
            continue
        one, two = results_table(before, name, {}), results_table(after, name, {})
        moved, only, columns = _of_table(name, one, two)
        numbers.append(moved)
        rows.append(only)
        line = _line(name, moved, only, columns)
        if line is not None:
            lines.append(line)
    return lines, pl.concat(numbers), pl.concat(rows)


def _line(name: str, moved: pl.DataFrame, only: pl.DataFrame, columns: list[str]) -> str | None:
    parts = list(columns)
    if moved.height:
        measures = ", ".join(moved["measure"].unique(maintain_order=True))
        parts.append(f"{moved.height:,} cells moved in {measures}")
    for change in ("added", "removed"):
        number = only.filter(change=change).height
        if number:
            parts.append(f"{number:,} rows {change}")
    return f"{name}.csv: {'; '.join(parts)}" if parts else None


def _of_table(
    name: str, one: pl.DataFrame, two: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """Cells that moved, rows that only one has, and what is said of columns."""
    one, two = (t.cast({pl.selectors.enum(): pl.String}) for t in (one, two))
    said = [f"column {c} gone" for c in one.columns if c not in two.columns]
    said += [f"column {c} new" for c in two.columns if c not in one.columns]
    both = [c for c in one.columns if c in two.columns]
    keys = [c for c in _OWN_KEYS.get(name, KEYS) if c in both and one.schema[c] == two.schema[c]]
    if not keys or any(t.select(keys).is_duplicated().any() for t in (one, two)):
        keys = both  # rows as they are: one that changed is gone and another new
    said += [f"column {c} of another type" for c in keys if one.schema[c] != two.schema[c]]
    keys = [c for c in keys if one.schema[c] == two.schema[c]]
    only = [
        a.select(keys).join(b.select(keys), on=keys, how="anti", nulls_equal=True)
        for a, b in ((two, one), (one, two))
    ]
    rows = pl.concat(
        [
            _keyed(name, keys, t).with_columns(change=pl.lit(change)).select(list(_ROWS))
            for t, change in zip(only, ("added", "removed"), strict=True)
        ]
    )
    joined = one.join(two, on=keys, how="inner", suffix="__after", nulls_equal=True)
    moved = [_moved(name, keys, joined, c) for c in both if c not in keys]
    return pl.concat([pl.DataFrame(schema=_MOVED), *moved]), rows, said


def _keyed(name: str, keys: list[str], table: pl.DataFrame) -> pl.DataFrame:
    """Name the rows: the keys that many tables share as columns, the others as one text."""
    own = ("technology", "period", "country")
    rest = [
        pl.format(f"{k} {{}}", pl.col(k).cast(pl.String).fill_null("none"))
        for k in keys
        if k not in own
    ]
    return table.with_columns(
        pl.lit(name).alias("table"),
        *[(pl.col(k) if k in keys else pl.lit(None)).cast(pl.String).alias(k) for k in own],
        (pl.concat_str(rest, separator=", ") if rest else pl.lit("")).alias("row"),
    )


def _moved(name: str, keys: list[str], joined: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return the cells of a column that differ."""
    a, b = pl.col(column), pl.col(f"{column}__after")
    types = [joined.schema[c] for c in (column, f"{column}__after")]
    nothing = pl.lit(None)
    if all(t.is_numeric() or t == pl.Null for t in types):
        a, b = a.cast(pl.Float64), b.cast(pl.Float64)
        differs = (a - b).abs() > _RELATIVE * pl.max_horizontal(a.abs(), b.abs())
        values = {"before": a, "after": b, "before_text": nothing, "after_text": nothing}
    else:
        a, b = a.cast(pl.String), b.cast(pl.String)
        differs = a != b
        values = {"before": nothing, "after": nothing, "before_text": a, "after_text": b}
    here = joined.filter((a.is_null() != b.is_null()) | differs.fill_null(value=False))
    shown = {k: v.cast(_MOVED[k]) for k, v in values.items()}
    # the values have names that tables have too, so they are made before the keys are named
    cells = here.select(*keys, **{f"__{k}": v for k, v in shown.items()})
    return (
        _keyed(name, keys, cells)
        .with_columns(pl.lit(column).alias("measure"), *[pl.col(f"__{k}").alias(k) for k in shown])
        .select(list(_MOVED))
    )


# --- words ----------------------------------------------------------------------------------------


def paragraphs(found: Comparison, *, focal: str | None = None, most: int = 30) -> str:
    """Write lines for a person; numbers of the focal country first."""
    lines = []
    for title, part in (
        ("inputs", found.inputs),
        ("options", found.options),
        ("versions", found.versions),
        ("counts", found.counts),
        ("families", found.families),
        ("tables", found.tables),
    ):
        lines.append(f"{title}: {'the same' if not part else ''}".rstrip())
        lines += [f"  {line}" for line in part]
    table = found.numbers
    if focal is not None:
        table = (
            table.with_columns(own=(pl.col("country") == focal).fill_null(value=False))
            .sort("own", descending=True, maintain_order=True)
            .drop("own")
        )
    lines.append(f"numbers that moved: {table.height:,}")
    lines += [f"  {_told(row)}" for row in table.head(most).to_dicts()]
    if table.height > most:
        lines.append(f"  and {table.height - most:,} more; --json lists all")
    lines.append(f"rows added or removed: {found.rows.height:,}")
    lines += [f"  {_where(row)}: {row['change']}" for row in found.rows.head(most).to_dicts()]
    if found.rows.height > most:
        lines.append(f"  and {found.rows.height - most:,} more; --json lists all")
    return "\n".join(lines)


def _where(row: Mapping[str, Any]) -> str:
    parts = [row["table"], row["technology"], row["period"], row["country"], row["row"]]
    return " ".join(p for p in parts if p)


def _told(row: Mapping[str, Any]) -> str:
    old, new = _value(row, "before"), _value(row, "after")
    shown = (
        "empty" if x is None else f"{x:.12g}" if isinstance(x, float) else x for x in (old, new)
    )
    return f"{_where(row)} {row['measure']}: {' -> '.join(shown)}"


def _value(row: Mapping[str, Any], when: str) -> float | str | None:
    number: float | None = row[when]
    text: str | None = row[f"{when}_text"]
    return text if number is None else number


def as_dict(found: Comparison) -> dict[str, object]:
    """Return plain values; of a cell that is no number ``before`` and ``after`` are texts."""
    keys = ("table", "technology", "period", "country", "row", "measure")
    return {
        "inputs": found.inputs,
        "options": found.options,
        "versions": found.versions,
        "counts": found.counts,
        "families": found.families,
        "tables": found.tables,
        "numbers": [
            {k: row[k] for k in keys}
            | {"before": _value(row, "before"), "after": _value(row, "after")}
            for row in found.numbers.iter_rows(named=True)
        ],
        "rows": found.rows.to_dicts(),
    }
