"""Words of an export to values: dates, counts, offices."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Iterator

import pytest

from netpos.ingest.readers.lens_words import earliest_offices, iso_date, priority
from tests.conftest import shared_real
from tests.ingest.readers.test_lens_csv import HEADER, ONE, TWO, line, read, real_rows


def dated_priorities() -> Iterator[tuple[list[str], str, str]]:
    for name in ("2016_drones_fulltext_families_5884_raw", "2021_antontruly_lens-export"):
        for row in real_rows(f"{name}.csv.gz"):
            if row["Priority Numbers"]:
                entries = row["Priority Numbers"].split(";;")
                yield entries, row["Application Number"], row["Application Date"]
    for path in sorted((shared_real() / "lens_json_legacy_2020").glob("*.gz")):
        for text in gzip.decompress(path.read_bytes()).splitlines():
            r = json.loads(text)
            yield r["priorityFilingKeysActive"], r["filingNumber"], r["filingDate"]


def test_without_dates_the_first_office_is_kept_and_usually_alone() -> None:
    exact = several = lost = 0
    for entries, own, filed in dated_priorities():
        found = [p for p in map(priority, entries) if p]
        if not found or any(p.date is None for p in found):
            continue
        truth = set((earliest_offices(found, None) or "").split())
        if len({p.office for p in found}) == 1:
            continue
        application = priority(own)
        got = earliest_offices(
            [p._replace(date=None) for p in found],
            min(p.date for p in found if p.date),
            application and application._replace(date=iso_date(filed)),
        )
        several += 1
        lost += not truth <= set((got or "").split())
        exact += truth == set((got or "").split())
    assert (several, lost) == (102, 0)
    assert exact >= 56  # the rest keeps offices whose numbers hold no year, in equal parts


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["10/07/08", "23/07/08"], [dt.date(2008, 7, 10), dt.date(2008, 7, 23)]),
        (["10/07/08", "07/23/08"], [dt.date(2008, 10, 7), dt.date(2008, 7, 23)]),
        (["10.7.1931", "23.7.31"], [dt.date(1931, 7, 10), dt.date(1931, 7, 23)]),
    ],
)
def test_day_and_month_of_spreadsheet_dates_are_told_by_the_column(
    cells: list[str], expected: list[dt.date]
) -> None:
    rows = [
        line(i, lens, **{"Publication Date": cell})
        for i, (lens, cell) in enumerate(zip((ONE, TWO), cells, strict=True))
    ]
    batch = read("\n".join([HEADER, *rows]))
    assert batch.records["published"].to_list() == expected
    assert batch.notes == []


def test_a_date_order_that_nothing_tells_is_said() -> None:
    row = line(1, ONE, **{"Publication Date": "10/07/08"})
    batch = read(f"{HEADER}\n{row}")
    assert batch.records["published"].to_list() == [dt.date(2008, 7, 10)]
    assert "no date in the file tells" in batch.notes[0]


def test_absurd_counts_and_status_words_become_null() -> None:
    row = line(
        1,
        ONE,
        **{
            "Cited by Patent Count": "9" * 30,
            "Cites Patent Count": "-1",
            "Legal Status": "See also: X",
            "Jurisdiction": "Europe",
        },
    )
    batch = read(f"{HEADER}\n{row}")
    columns = ["cited_by_count", "cites_count", "legal_status", "office"]
    assert batch.records.select(columns).row(0) == (None, None, None, None)
    assert len(batch.notes) == 2
