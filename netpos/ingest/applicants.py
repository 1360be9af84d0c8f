"""TEMPORARY stand-in by the lead; overwrite with the real module."""

import polars as pl


def normalise_name(names: pl.Series) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "name": names,
            "clean": names.str.to_uppercase()
            .str.replace_all(r"[^\p{L}\p{N}]+", " ")
            .str.strip_chars(),
        }
    )


def classify(parties: pl.DataFrame) -> pl.DataFrame:
    return parties.select("name").unique().with_columns(person=pl.lit(False), reason=pl.lit(""))
