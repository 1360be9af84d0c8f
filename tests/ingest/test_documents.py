"""Documents of a corpus: petty patents, titles, order."""

from __future__ import annotations

import polars as pl
import pytest

from netpos.ingest import documents
from netpos.ingest.documents import title_table, utility_model


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


def test_titles_stand_on_one_line_without_signs_that_turn_them() -> None:
    titles = ["a  b", " a", "a\u2028b", "\u202ea<b>", "\u00a0", None, "=1+1", "plain"]
    docs = pl.DataFrame({"title": titles, "title_language": ["en"] * 7 + [None]})
    found = title_table(docs)
    assert found.rows() == [
        (0, "a b", "en"), (1, "a", "en"), (2, "a b", "en"), (3, "a<b>", "en"), (6, "=1+1", "en"),
        (7, "plain", None),
    ]  # fmt: skip


def test_a_table_is_sorted_by_its_keys_with_nothing_last() -> None:
    rows = [(None, "A"), (1, "B"), (0, "D"), (0, None), (0, "C")]
    table = pl.DataFrame(rows, ["family", "lens_id"], orient="row")
    found = documents._sorted(table, "family", "lens_id")
    assert found.rows() == [(0, "C"), (0, "D"), (0, None), (1, "B"), (None, "A")]
