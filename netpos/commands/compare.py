"""What changed between two runs: data, options, versions, numbers, ranks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from netpos.errors import InputError

#: Columns of countries.csv whose movement is told.
MEASURES = (
    "family_share",
    "family_rank",
    "received",
    "received_rank",
    "balance_ratio",
    "core_distance",
    "source_effective",
    "similarity",
)
_KEYS = ["technology", "period", "country"]
#: A number has moved when it differs by more than this part of itself.
_RELATIVE = 1e-9


@dataclass(frozen=True)
class Comparison:
    """Differences between two runs; empty where nothing differs."""

    inputs: list[str]
    options: list[str]
    versions: list[str]
    counts: list[str]
    families: list[str]
    numbers: pl.DataFrame


def _run(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        assert isinstance(found, dict)
    except (OSError, ValueError, AssertionError) as error:
        remedy = "name the --out folder of a run"
        raise InputError("no results of netpos here", file=folder, remedy=remedy) from error
    return found


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
        A folder holds no results.
    """
    one, two = _run(before), _run(after)
    inputs = _differences(
        {i["name"]: i["sha256"][:12] for i in one["inputs"]},
        {i["name"]: i["sha256"][:12] for i in two["inputs"]},
    )
    versions = _differences(
        {"netpos": one["netpos"], **one["libraries"]}, {"netpos": two["netpos"], **two["libraries"]}
    )
    return Comparison(
        inputs,
        _differences(one["options"], two["options"]),
        versions,
        _differences(one["counts"], two["counts"]),
        _families(before / one["corpus"], after / two["corpus"]),
        _numbers(before, after),
    )


def _families(before: Path, after: Path) -> list[str]:
    """Families that only one of the corpora has."""
    paths = [p / "families.parquet" for p in (before, after)]
    if not all(p.exists() for p in paths):
        return ["a corpus is gone, so families are not compared"]
    one, two = (set(pl.read_parquet(p, columns=["family_id"])["family_id"]) for p in paths)
    lines = []
    for label, only in (("gone", one - two), ("new", two - one)):
        if only:
            some = ", ".join(sorted(only)[:5])
            lines.append(f"{len(only):,} families {label}: {some}{' ...' if len(only) > 5 else ''}")
    return lines


def _numbers(before: Path, after: Path) -> pl.DataFrame:
    """Cells of countries.csv that moved: keys, measure, before, after."""
    frames = []
    for folder in (before, after):
        table = pl.read_parquet(folder / "tables" / "countries.parquet")
        have = [m for m in MEASURES if m in table.columns]
        frames.append(
            table.select(*_KEYS, *[pl.col(m).cast(pl.Float64) for m in have]).unpivot(
                index=_KEYS, variable_name="measure", value_name="value"
            )
        )
    both = frames[0].join(
        frames[1], on=[*_KEYS, "measure"], how="full", coalesce=True, suffix="_after"
    )
    a, b = pl.col("value"), pl.col("value_after")
    moved = (a.is_null() != b.is_null()) | ((a - b).abs() > _RELATIVE * a.abs().clip(1e-12))
    return (
        both.filter(moved.fill_null(value=False))
        .rename({"value": "before", "value_after": "after"})
        .sort(*_KEYS, "measure")
    )


def paragraphs(found: Comparison, *, focal: str | None = None, most: int = 30) -> str:
    """Lines a person can read; numbers of the focal country first."""
    lines = []
    for title, part in (
        ("inputs", found.inputs),
        ("options", found.options),
        ("versions", found.versions),
        ("counts", found.counts),
        ("families", found.families),
    ):
        lines.append(f"{title}: {'the same' if not part else ''}".rstrip())
        lines += [f"  {line}" for line in part]
    table = found.numbers
    if focal is not None:
        table = (
            table.with_columns(own=pl.col("country") == focal)
            .sort("own", descending=True, maintain_order=True)
            .drop("own")
        )
    lines.append(f"numbers that moved in countries.csv: {table.height:,}")
    for technology, period, country, measure, a, b in table.head(most).iter_rows():
        old, new = ("empty" if x is None else f"{x:.6g}" for x in (a, b))
        lines.append(f"  {technology} {period} {country} {measure}: {old} -> {new}")
    if table.height > most:
        lines.append(f"  and {table.height - most:,} more; --json lists all")
    return "\n".join(lines)


def as_dict(found: Comparison) -> dict[str, object]:
    """Plain values."""
    return {
        "inputs": found.inputs,
        "options": found.options,
        "versions": found.versions,
        "counts": found.counts,
        "families": found.families,
        "numbers": found.numbers.to_dicts(),
    }
