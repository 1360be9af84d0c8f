"""Which records are of one document."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest

from netpos.ingest.details import Details, Origin
from netpos.ingest.one_document import edges
from netpos.ingest.records import MEMBERS, RECORDS, frame, key

LENS = "038-066-141-127-891"


def details(rows: Sequence[dict[str, object]]) -> Details:
    table = pl.DataFrame(
        [{"doc": key(str(r["lens_id"])), "form": "lens-json", **r} for r in rows],
        schema=dict(RECORDS),
    )

    def opened(stem: str, name: str, columns: Sequence[str]) -> pl.DataFrame:
        assert stem == "a"
        found = table if name == "records" else frame(MEMBERS)
        return found.select(columns or pl.all())

    return Details(table["doc"].to_numpy(), [("a", 0)], opened, {"a": Origin("a", "seed", 1)})


def pairs(rows: Sequence[dict[str, object]]) -> list[tuple[int, int]]:
    return sorted(edges(details(rows)).rows())


@pytest.mark.parametrize(
    ("kind", "found"), [("B2", True), (None, True), ("A1", False)], ids=["kind", "none", "other"]
)
def test_a_number_without_a_lens_id_is_the_document_of_that_number(
    kind: str | None, found: bool
) -> None:
    own = {"lens_id": LENS, "office": "US", "doc_number": "9364525", "kind": "B2"}
    other = {"lens_id": "x", "office": "US", "doc_number": "09364525", "kind": kind}
    expected = [(min(key(LENS), key("x")), max(key(LENS), key("x")))] if found else []
    assert [tuple(sorted(pair)) for pair in pairs([own, other])] == expected


def test_aliases_are_one_document_and_numbers_apart_are_not() -> None:
    own = {"lens_id": LENS, "office": "US", "doc_number": "1", "kind": "B2", "aliases": "x;y"}
    assert pairs([own, {"lens_id": "z"}]) == sorted((key(LENS), key(n)) for n in "xy")
    assert pairs([own | {"aliases": None}, {"lens_id": "z", "office": "US"}]) == []
