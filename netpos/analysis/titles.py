"""Titles of families, read where a list of evidence is shown and nowhere else."""

from __future__ import annotations

import polars as pl

from netpos.ingest.corpus import Corpus


def family_titles(corpus: Corpus, families: pl.Series) -> pl.DataFrame:
    """Return one title of each family: an English one, else that of the first document by Lens ID.

    Parameters
    ----------
    corpus
        Its tables ``documents`` and ``titles`` are read, and of them the rows in question.
    families
        Numbers of families.

    Returns
    -------
    pl.DataFrame
        ``family`` Int32, ``title``, ``language`` String; families without a title are left out.
    """
    if corpus.folder is None and "titles" not in corpus.tables:  # made of other tables by hand
        return pl.DataFrame(schema={"family": pl.Int32, "title": pl.String, "language": pl.String})
    documents = (
        corpus.scan("documents")
        .with_row_index("document")
        .select(pl.col("document").cast(pl.Int32), "family", "lens_id")
        .filter(pl.col("family").is_in(families.unique().cast(pl.Int32).implode()))
        .collect()
    )
    wanted = documents["document"].implode()
    titles = corpus.scan("titles").filter(pl.col("document").is_in(wanted)).collect()
    english = (pl.col("language") == "en").fill_null(value=False)
    return (
        titles.join(documents, on="document", how="inner")
        .sort("family", ~english, "lens_id", "document")
        .unique("family", keep="first", maintain_order=True)
        .select("family", "title", "language")
    )
