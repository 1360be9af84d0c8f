"""Record-level columns to the tables of a corpus."""

from __future__ import annotations

import polars as pl
import pytest

from netpos.ingest.derive import utility_model


@pytest.mark.parametrize(
    ("office", "kind", "kind_of_lens", "petty"),
    [
        ("DE", "U1", "LIMITED_PATENT", True),  # Gebrauchsmuster
        ("CN", "U", None, True),
        ("CN", "Y", None, True),  # utility model as granted until 2010
        ("JP", "Y2", None, True),  # utility model after examination until 1996
        ("EP", "Y1", None, False),  # no kind of a utility model there
        ("AU", "A4", "LIMITED_PATENT", True),  # innovation patent: only its type tells
        ("US", "B2", "GRANTED_PATENT", False),
        (None, None, None, False),
    ],
)
def test_petty_patents_are_told_by_kind_and_type(
    office: str | None, kind: str | None, kind_of_lens: str | None, petty: bool
) -> None:
    row = pl.DataFrame(
        {"office": [office], "kind": [kind], "publication_type": [kind_of_lens]},
        schema=dict.fromkeys(("office", "kind", "publication_type"), pl.String),
    )
    assert row.select(utility_model()).to_series().to_list() == [petty]
