"""Set the parts of a country in publications, patents and companies side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from netpos import countries
from netpos.commands.publish import publish
from netpos.errors import InputError, OptionError
from netpos.innovation.chain import STAGES, chain
from netpos.progress import Report
from netpos.viz.report.findings import Findings, Section, Shown, finding_words
from netpos.viz.sources import Sources
from netpos.viz.words import in_sentence, technology_name, with_names

_WHOLE = "all"
_KEYS = ("technology", "stage")
_SCHEMA: dict[str, Any] = {
    "technology": pl.String, "stage": pl.String, "numerator": pl.Float64,
    "denominator": pl.Float64, "share": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "interval": pl.String, "years": pl.String, "counting": pl.String, "source": pl.String,
}  # fmt: skip


def analyse_chain(
    out: Path,
    *,
    science: Path | None = None,
    patents: Path | None = None,
    companies: Path | None = None,
    focal: str = "NL",
    lang: str = "en",
    png: bool = False,
    report: Report | None = None,
) -> Path:
    """Follow a country's share along the chain, from results that are there.

    Parameters
    ----------
    out
        Where the results go.
    science, patents, companies
        Folders of results of ``netpos science``, ``run`` and ``companies``; at least two.
    focal
        Country in focus, alpha-2.
    lang
        Language of the page.
    png
        Write each figure as PNG too.
    report
        Called with one line of progress at a time.

    Returns
    -------
    Path
        The page to open.

    Raises
    ------
    InputError, OptionError
        A folder holds no such results; fewer than two are given; they share no technology.
    """
    say = report or (lambda _: None)
    focal = countries.check_focal(focal)
    given = [p for p in (science, patents, companies) if p is not None]
    if len(given) < 2:
        remedy = "give at least two of --science, --patents, --companies"
        raise OptionError("a chain has at least two links", remedy=remedy)
    parts = []
    if science is not None:
        parts.append(_science(science, focal))
    if patents is not None:
        parts.append(_patents(patents, focal))
    if companies is not None:
        parts.append(_companies(companies, focal))
    common = set.intersection(*(set(part["technology"]) for part in parts)) - {_WHOLE}
    if not common:
        named = "; ".join(", ".join(sorted(set(p["technology"]) - {_WHOLE})) for p in parts)
        remedy = f"use the same ids in each; they have {named}"
        raise InputError("the results share no technology", file=given[0], remedy=remedy)
    whole = pl.concat(parts).filter(pl.col("technology").is_in([*common, _WHOLE]))
    # the unions hold other technologies where the lists differ, so they are compared only if equal
    same = all(set(part["technology"]) - {_WHOLE} == common for part in parts)
    notes = []
    if not same:
        whole = whole.filter(pl.col("technology") != _WHOLE)
        notes.append(
            "the results have different technologies; only those in all of them are shown, "
            "and no union"
        )
    years = {s: y for s, y in whole.select("source", "years").unique().iter_rows() if y}
    if len(set(years.values())) > 1:
        listed = "; ".join(f"{source} {span}" for source, span in sorted(years.items()))
        notes.append(f"the stages are of different years: {listed}")
    table = chain(whole).sort(pl.col("technology") == _WHOLE, maintain_order=True)
    table = table.select(
        *_KEYS, "numerator", "denominator", "share", "low", "high", "interval", "step_ratio",
        "retention", "declines", "years", "counting", "source",
    )  # fmt: skip
    for note in notes:
        say(f"note: {note}")
    page, drawn = _page(table, focal, lang, notes)
    manifests = [json.loads((p / "run.json").read_text(encoding="utf-8")) for p in given]
    page = replace(page, synthetic=any(manifest.get("synthetic") for manifest in manifests))
    options = {
        "science": science, "patents": patents, "companies": companies, "focal": focal,
        "lang": lang,
    }  # fmt: skip
    inputs = [p / "run.json" for p in given]
    return publish(
        page,
        {"chain": table},
        out,
        inputs=inputs,
        options=options,
        drawn=drawn,
        sources=_sources(manifests),
        png=png,
    )


def _sources(manifests: Sequence[Mapping[str, Any]]) -> Sources:
    """Return where the data of all these results are from."""
    found = Sources()
    for manifest in manifests:
        said = manifest.get("sources", {})
        found = found.and_those(Sources(said.get("known", ()), said.get("own", ())))
        forms = [i["form"] for i in manifest.get("inputs", ()) if "form" in i]
        found = found.and_those(Sources.of_forms(forms))
    return found


def _results(folder: Path, command: str, table: str) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Return a table of results and their manifest."""
    remedy = f"give the --out folder of netpos {command}"
    try:
        manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        rows = pl.read_parquet(folder / "tables" / f"{table}.parquet")
    except (OSError, ValueError, pl.exceptions.PolarsError) as cause:
        problem = f"holds no results of netpos {command}"
        raise InputError(problem, file=folder, remedy=remedy) from cause
    return rows, manifest


def _rows(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), _SCHEMA)


def _science(folder: Path, focal: str) -> pl.DataFrame:
    table, manifest = _results(folder, "science", "science")
    options = manifest["options"]
    whole = table.filter(pl.col("period") == _WHOLE)
    rows = []
    for name in whole["technology"].unique(maintain_order=True):
        mine = whole.filter(pl.col("technology") == name)
        own = mine.filter(pl.col("country") == focal).to_dicts()
        known = mine["share"].count() > 0
        row = own[0] if own else {"works": 0.0, "share": 0.0 if known else None}
        rows.append(
            {
                "technology": name, "stage": "publications", "numerator": row["works"],
                "denominator": mine["works_all"].drop_nulls().first() if known else None,
                "share": row["share"], "low": row.get("share_low"), "high": row.get("share_high"),
                "interval": "wilson" if row.get("share_low") is not None else None,
                "years": f"{options['from']}-{options['to']}",
                "counting": options.get("counting", "fractional"),
                "source": folder.name,
            }
        )  # fmt: skip
    return _rows(rows)


def _patents(folder: Path, focal: str) -> pl.DataFrame:
    table, manifest = _results(folder, "run", "countries")
    options = manifest.get("options", {})
    needed = {"technology", "period", "country", "families", "family_share"}
    if not needed <= set(table.columns) or "counting" not in options:
        remedy = "give the --out folder of netpos run"
        raise InputError("holds no results of netpos run", file=folder, remedy=remedy)
    whole = table.filter(pl.col("period") == _WHOLE)
    common = {
        "years": f"{options['from']}-{options['to']}", "counting": options["counting"],
        "source": folder.name,
    }  # fmt: skip
    rows = []
    for name in whole["technology"].unique(maintain_order=True):
        mine = whole.filter(pl.col("technology") == name)
        own = mine.filter(pl.col("country") == focal).to_dicts()
        for stage, amount, share in (
            ("families", "families", "family_share"),
            ("value", "value", "value_share"),
        ):
            if share not in mine.columns or not mine[share].count():
                continue
            row = own[0] if own else {amount: 0.0, share: 0.0}
            low, high = row.get(f"{share}_low"), row.get(f"{share}_high")
            rows.append(
                {
                    "technology": name, "stage": stage, "numerator": row[amount],
                    "denominator": _denominator(mine, amount, share), "share": row[share],
                    "low": low, "high": high, **common,
                    "interval": "stability" if low is not None else None,
                }
            )  # fmt: skip
    return _rows(rows)


def _denominator(rows: pl.DataFrame, amount: str, share: str) -> float | None:
    """Tell what a share divides by, from the country with the largest."""
    known = rows.filter((pl.col(share) > 0) & pl.col(amount).is_not_null()).sort(share)
    if not known.height:
        return None
    first = known.row(-1, named=True)
    return float(first[amount] / first[share])


def _companies(folder: Path, focal: str) -> pl.DataFrame:
    table, manifest = _results(folder, "companies", "companies")
    after = manifest["options"]["founded_after"]
    common = {"years": None, "counting": f"founded after {after}", "source": folder.name}
    rows = []
    for name in table["technology"].unique(maintain_order=True):
        mine = table.filter(pl.col("technology") == name)
        own = mine.filter(pl.col("country") == focal).to_dicts()
        if not own:
            problem = f"has no row of {focal}"
            raise InputError(problem, file=folder, remedy=f"run it with --focal {focal}")
        row = own[0]
        for kind in ("startup", "scaleup"):
            rows.append(
                {
                    "technology": name, "stage": f"{kind}s",
                    "numerator": float(row[f"{kind}s"]),
                    "denominator": float(row[f"{kind}s_all"]), "share": row[f"{kind}_share"],
                    "low": row[f"{kind}_share_low"], "high": row[f"{kind}_share_high"],
                    "interval": "wilson" if row[f"{kind}_share"] is not None else None, **common,
                }
            )  # fmt: skip
            low = row[f"{kind}_funding_share_low"]
            rows.append(
                {
                    "technology": name, "stage": f"{kind}_funding",
                    "numerator": row[f"{kind}_funding"],
                    "denominator": row[f"{kind}_funding_all"],
                    "share": row[f"{kind}_funding_share"], "low": low,
                    "high": row[f"{kind}_funding_share_high"],
                    "interval": "resampled" if low is not None else None, **common,
                }
            )  # fmt: skip
    return _rows(rows)


def _page(
    table: pl.DataFrame, focal: str, lang: str, notes: list[str]
) -> tuple[Findings, dict[str, Any]]:
    """Return the page and its two figures."""
    from netpos.viz.charts import chain as charts

    t = finding_words(lang)["chain"]
    said = in_sentence(focal, lang)
    named = with_names(table, lang)
    drawn = {"chain": charts.along(named, t), "retention": charts.kept(named, t)}
    captions = {name: t[f"figure_{name}"].format(focal=said) for name in drawn}
    forms = {
        "stage": "text", "numerator": "one", "denominator": "one", "share": "small_percent",
        "interval": "text", "step_ratio": "two", "retention": "two", "years": "text",
        "counting": "word", "source": "text",
    }  # fmt: skip
    shown = table.with_columns(
        share_low="low",
        share_high="high",
        key="stage",
        counting=pl.col("counting").str.replace("founded after", t["founded_after"]),
        stage=pl.col("stage").replace_strict({s: t[f"stage_{s}"] for s in STAGES}),
        interval=pl.col("interval").replace_strict(
            {k: t[f"interval_{k}"] for k in ("wilson", "stability", "resampled")}, default=None
        ),
    )
    sections = [Section(t["whole"], [t["whole_text"]], ["chain", "retention"])]
    for name in table["technology"].unique(maintain_order=True):
        rows = shown.filter(pl.col("technology") == name)
        text = [t["declines"].format(focal=said)] if rows["declines"][0] else []
        title = t["all"] if name == _WHOLE else technology_name(name, lang)
        sections.append(
            Section(title, text, tables=[Shown("chain", rows, forms, ("technology", "key"))])
        )
    each = table.filter(pl.col("technology") != _WHOLE)["technology"].n_unique()
    page = Findings(
        lang,
        t["title"].format(focal=countries.name(focal, lang)),
        t["lead"].format(focal=said),
        {t["fact_technologies"]: str(each)},
        notes,
        sections,
        captions=captions,
        reading=t["reading"],
    )
    return page, drawn
