"""What a corpus tells of its exports: dates that cannot be, answers that are not complete."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from netpos.ingest.documents import Documents
from netpos.ingest.readers.wrappers import Page

#: Years between the newest plausible publication and dates beyond it: as long as a patent lives.
GAP = 20
#: Records named one by one.
_NAMED = 20


def newest_plausible(published: pl.Series, filed: pl.Series | None = None) -> dt.date | None:
    """Return the latest date of publication that is not far beyond all others.

    Dates are beyond when more than `GAP` years lie between them and all dates before, and they are
    a handful: at most a third of all, and no more than ten or one in a hundred. A date is not
    beyond when the document's own filing bears it out: at most `GAP` years before it.

    Parameters
    ----------
    published
        Dates; null where none is known.
    filed
        Dates of priority or, without one, of application of the same documents; null where none
        is known.

    Examples
    --------
    >>> days = [dt.date(2016, 1, 2), dt.date(2018, 1, 2), dt.date(2091, 5, 5)]
    >>> newest_plausible(pl.Series(days))
    datetime.date(2018, 1, 2)
    >>> newest_plausible(pl.Series(days[1:]))
    datetime.date(2091, 5, 5)
    >>> old = [dt.date(1919, 12, 18), dt.date(1929, 10, 14), dt.date(2015, 1, 15)]
    >>> newest_plausible(pl.Series(old), pl.Series([None, None, dt.date(2013, 7, 1)]))
    datetime.date(2015, 1, 15)
    """
    days = published.drop_nulls()
    if not days.len():
        return None
    years = days.dt.year()
    counted = years.value_counts().sort(years.name, descending=True)
    most = min(days.len() // 3, max(10, days.len() // 100))
    last, beyond = counted[years.name][0], 0
    before = None
    for year, count in counted.iter_rows():
        if before is not None and before - year > GAP and beyond <= most:
            last = year
        beyond += count
        before = year
        if beyond > most:
            break
    plausible = published.dt.year() <= last
    if filed is not None:
        age = published.dt.year() - filed.dt.year()
        plausible |= age.is_between(0, GAP).fill_null(value=False)
    latest = published.filter(plausible).max()
    return latest if isinstance(latest, dt.date) else None


def beyond(docs: Documents, newest: dt.date | None) -> list[dict[str, Any]]:
    """Name the documents dated beyond the newest plausible date: file, line, date, Lens ID."""
    if newest is None:
        return []
    late = docs.read(
        *("file", "line", "lens_id", "published"),
        chosen=lambda part: part.filter(pl.col("published") > newest),
    ).sort("file", "line")
    rows = late.select("file", "line", "lens_id", date=pl.col("published").cast(pl.String))
    return rows.to_dicts()


def late_lines(late: list[dict[str, Any]], newest: dt.date | str | None) -> Iterable[str]:
    """Say of each document dated beyond all others what is done with it."""
    for row in late[:_NAMED]:
        yield (
            f"{row['file']}:{row['line']}: published {row['date']}, more than {GAP} years beyond "
            f"all others; the record is kept, and the data date stays {newest}"
        )
    if len(late) > _NAMED:
        yield f"and {len(late) - _NAMED:,} more records dated beyond {newest}"


def pages_told(pages: Iterable[Page]) -> dict[str, Any]:
    """Sum up what the answers of one export say, for the manifest."""
    totals: Counter[int] = Counter()
    errors: Counter[str] = Counter()
    for page in pages:
        if page.total is not None:
            totals[page.total] += page.records
        if page.error is not None:
            errors["".join(c if c.isprintable() else " " for c in page.error)[:120]] += 1
    return {
        "totals": {str(t): n for t, n in sorted(totals.items())},
        "errors": dict(sorted(errors.items())),
    }


#: How a rejected line begins that is an answer of an API without records.
ANSWER = "an answer without records: "


def incomplete(inputs: Iterable[Mapping[str, Any]], ledger: pl.DataFrame) -> list[str]:
    """Say which answers are not all there, in sentences that the report repeats.

    Pages of one search state the same number of results; they can lie in several files.
    """
    here: Counter[int] = Counter()
    names: dict[int, list[str]] = {}
    errors: Counter[str] = Counter()
    for item in inputs:
        pages = item.get("pages") or {}
        for total, records in pages.get("totals", {}).items():
            here[int(total)] += records
            names.setdefault(int(total), []).append(str(item["name"]))
        errors.update(pages.get("errors", {}))
    said = ledger.filter(pl.col("reason").str.starts_with(ANSWER))["reason"]
    errors.update(text.removeprefix(ANSWER) for text in said.to_list())
    found = []
    for total, records in sorted(here.items()):
        if records < total:
            files = sorted(set(names[total]))
            where = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
            found.append(
                f"Incomplete export: the answers state {total:,} results, {records:,} of them are "
                f"here ({where}); fetch the other pages."
            )
    for message, count in sorted(errors.items()):
        found.append(
            f"Error answers of an API were saved instead of records: {count:,} ({message}); "
            "fetch them again."
        )
    return found


def cut_told(manifest: Mapping[str, Any]) -> str:
    """Say how much of a large context has to do with the corpus.

    Examples
    --------
    >>> cut_told({"inputs": [{"read": 9, "rejected": 1, "passed_over": 5}]})[:36]
    'context: 3 of 8 publications name a '
    """
    cut = [i for i in manifest["inputs"] if "passed_over" in i]
    over = sum(i["passed_over"] for i in cut)
    every = sum(i["read"] - i["rejected"] for i in cut)
    return (
        f"context: {every - over:,} of {every:,} publications name a document of the corpus, are "
        f"named by one, or are of their families; the other {over:,} stay aside"
    )


def one_office(docs: pl.DataFrame) -> str | None:
    """Return the office of all seed documents, None where there are several or none is known.

    Examples
    --------
    >>> roles = ["seed", "seed", "context"]
    >>> one_office(pl.DataFrame({"office": ["US", "US", "EP"], "role": roles}))
    'US'
    """
    offices = docs.filter(pl.col("role") == "seed")["office"].drop_nulls().unique()
    return str(offices.item()) if offices.len() == 1 else None


def one_office_told(manifest: Mapping[str, Any]) -> list[str]:
    """Say first that a corpus is of one office, and what that means for countries.

    Examples
    --------
    >>> one_office_told({"one_office": "US"})[0][:45]
    'one office: all seed documents are of US, so '
    >>> one_office_told({"one_office": None})
    []
    """
    office = manifest.get("one_office")
    if office is None:
        return []
    return [
        f"one office: all seed documents are of {office}, so countries are seen by what they file "
        "there, and those at home there weigh more than in the world"
    ]


def by_number_told(counts: Mapping[str, int]) -> list[str]:
    """Say how many references were located by number, and how many stay open for several families.

    Examples
    --------
    >>> by_number_told({"mentions_by_number": 7, "mentions_ambiguous": 2})[0][:51]
    'references located by office, number and kind: 7; b'
    >>> by_number_told({"mentions_by_number": 0})
    []
    """
    found = [counts.get(f"mentions_{c}", 0) for c in ("by_number", "without_kind", "ambiguous")]
    if not any(found):
        return []
    return [
        f"references located by office, number and kind: {found[0]:,}; by office and number: "
        f"{found[1]:,}; open, since the number means several families: {found[2]:,}"
    ]
