"""Pieces of a record that are read tolerantly."""

from __future__ import annotations

from netpos.ingest.readers.lens_record import latest_date, named_document, trimmed


def test_the_latest_date_is_a_day_of_the_calendar() -> None:
    leap = b'{"a": "2020-02-29", "b": ["2019-12-31"], "c": "2021-02-29", "d": "2020-13-01"}'
    assert latest_date(leap) == "2020-02-29"
    assert latest_date(b'{"a": "9999-01-01", "b": "1899-05-06"}') == "1899-05-06"
    assert latest_date(b'{"a": 20200229}') is None


def test_a_line_loses_what_lists_leave_around_it() -> None:
    assert trimmed(b'\t\0{"a": "b, c;"};,\r\n') == b'{"a": "b, c;"}'


def test_a_document_is_named_by_number_or_text_and_nothing_names_none() -> None:
    for raw in (b'{"doc_number": 12, "jurisdiction": "NL"}', b'{"doc_number": "12"}'):
        found = named_document(raw)
        assert found is not None
        assert found.doc_number == "12"
    assert named_document(b"") is None
