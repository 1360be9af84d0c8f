"""How names of organisations were brought together, and which may belong together."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from netpos.files import write_text
from netpos.ingest.applicants import explain_merge, suggest
from netpos.ingest.corpus import Corpus, open_corpus, reading
from netpos.outputs import make_folder
from netpos.tables import rounded


def name_tables(corpus: Corpus) -> dict[str, pl.DataFrame]:
    """Make the tables ``names`` and ``suggestions``.

    Returns
    -------
    dict
        ``names``: ``name`` as filed, ``clean``, ``steps`` of the rules, ``families``.
        ``suggestions``: ``a, b, score, evidence``, and the families of both; nothing is joined.
    """
    firms = corpus.applicants.filter(
        (pl.col("role") == "applicant") & ~pl.col("person") & pl.col("applicant").is_not_null()
    )
    filed = firms.group_by(name="applicant_as_filed").agg(families=pl.col("family").n_unique())
    merges = explain_merge(filed["name"].sort())
    sizes = firms.group_by(clean="applicant").agg(families=pl.col("family").n_unique())
    names = merges.join(filed, on="name", how="left").sort("clean", "name")
    pairs = suggest(sizes.select("clean").sort("clean"))
    for end in ("a", "b"):
        pairs = pairs.join(
            sizes.rename({"clean": end, "families": f"families_{end}"}), on=end, how="left"
        )
    ordered = pairs.sort(["score", "a", "b"], descending=[True, False, False])
    return {"names": names, "suggestions": rounded(ordered)}


def write_names(corpus: Path, out: Path) -> Path:
    """Write ``names.csv`` and ``suggestions.csv``; returns the path of the latter.

    Raises
    ------
    InputError
        There is no corpus, another run is changing it, or the folder cannot be made.
    """
    opened = open_corpus(corpus)
    with reading(opened):
        tables = name_tables(opened)
    make_folder(out)
    for name, table in tables.items():
        write_text(out / f"{name}.csv", table.write_csv())
    return out / "suggestions.csv"
