"""The header of a CSV export: which column is which."""

from __future__ import annotations

import gzip

from netpos.ingest.readers.lens_csv import csv_report, recognise_header, split_header
from tests.conftest import shared_real
from tests.ingest.readers.test_lens_csv import HEADER, ONE, read


def test_columns_are_found_by_name_in_any_order_case_and_spelling() -> None:
    text = f"\ufefflens_id;JURISDICTION;publication_number;Cited Count\n{ONE};nl; NL 12 C;7\n"
    record = read(text).records.to_dicts()[0]
    assert (record["lens_id"], record["office"], record["cited_by_count"]) == (ONE, "NL", 7)
    assert record["doc_number"] == "12C"  # no kind column tells where the number ends
    assert record["cites_count"] is None


def test_headers_are_recognised_and_refused_with_a_remedy() -> None:
    assert recognise_header(split_header(f"\ufeff{HEADER}")) == ("lens-csv", None)
    assert recognise_header(["#", "Lens ID", "Title"])[1].startswith("a table with Lens IDs but")
    form, why = recognise_header(
        ["Lens ID", "Title", "Source Title", "Author/s", "Fields of Study"]
    )
    assert form == "lens-scholarly-csv"
    assert why is not None
    assert "export from Lens > Patents" in why
    assert recognise_header(["country", "value"])[0] == "not-an-export"
    assert recognise_header([]) == recognise_header([""])


def test_a_report_names_what_each_real_header_lacks() -> None:
    folder = shared_real() / "lens_csv"
    vintage = {}
    for path in sorted(folder.glob("*.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as f:
            vintage[path.name[:9]] = csv_report(split_header(f.read(5000)))
    assert [r.vintage for r in vintage.values()] == [
        "2016-2018", "2021", "2025-2026", "not clear", "2025-2026",
    ]  # fmt: skip
    assert vintage["2025_poly"].absent == ()
    assert "Simple Family Members" in vintage["2021_anto"].absent
    assert "Cites Patent Count" in vintage["2016_dron"].absent
    trimmed = vintage["2026_batt"]
    assert trimmed.present == (
        "Lens ID", "Jurisdiction", "Publication Date", "Publication Year", "Applicants",
        "Inventors", "URL", "Title",
    )  # fmt: skip
    assert any(text.startswith("citation links") for text in trimmed.cannot)
