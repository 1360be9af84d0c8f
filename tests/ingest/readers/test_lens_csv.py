from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import re
from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netpos.errors import InputError
from netpos.ingest.readers.lens_csv import read_csv
from netpos.ingest.records import CLASSES, MEMBERS, PARTIES, RECORDS, REJECTED, Batch, key
from tests.conftest import shared_real

HEADER = (
    '"#",Jurisdiction,Kind,Display Key,Lens ID,Publication Date,Application Number,'
    "Application Date,Priority Numbers,Earliest Priority Date,Title,Applicants,Inventors,URL,"
    "Document Type,Cites Patent Count,Cited by Patent Count,Simple Family Size,"
    "Simple Family Members,Simple Family Member Jurisdictions,CPC Classifications,"
    "IPCR Classifications,Legal Status"
)
ONE, TWO, THREE = (f"00{i}-000-000-000-000" for i in (1, 2, 3))
ONE, TWO, THREE = f"{ONE[:15]}-111", f"{TWO[:15]}-222", f"{THREE[:15]}-33X"


def line(number: int, lens: str, title: str = "A title", **cells: str) -> str:
    values = {
        "#": str(number), "Jurisdiction": "EP", "Kind": "A1", "Display Key": "EP 1234567 A1",
        "Lens ID": lens, "Publication Date": "2008-07-10", "Application Number": "EP 07123456 A",
        "Application Date": "2007-02-01", "Priority Numbers": "NL 1009588 A;;EP 06123456 A",
        "Earliest Priority Date": "2006-02-01", "Title": title,
        "Applicants": "ACME BV;;KRESS; ROBERT W.", "Inventors": "KRESS; ROBERT W.",
        "URL": f"https://lens.org/{lens}", "Document Type": "Ammended Patent",
        "Cites Patent Count": "3", "Cited by Patent Count": "5", "Simple Family Size": "2",
        "Simple Family Members": f"{lens};;{THREE}", "Simple Family Member Jurisdictions": "EP;;US",
        "CPC Classifications": "A01B1/00;;a01b 1/00;;A01B2/00", "IPCR Classifications": "A01B1/00",
        "Legal Status": "active",
    } | cells  # fmt: skip
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(values.values())
    return out.getvalue()


def read(text: str | bytes, **options: int) -> Batch:
    data = text if isinstance(text, bytes) else text.encode()
    return whole(read_csv(io.BytesIO(data), file="x.csv", **options))


def whole(batches: Iterator[Batch]) -> Batch:
    """One batch of several; rows of the other tables are moved on to the records' new places."""
    found, at, moved = list(batches), 0, []
    for b in found:
        moved.append(
            [t.with_columns(pl.col("row") + at) for t in (b.parties, b.classes, b.members)]
        )
        at += b.records.height
    return Batch(
        pl.concat(b.records for b in found),
        *(pl.concat(m[i] for m in moved) for i in range(3)),
        pl.concat(b.references for b in found),
        pl.concat(b.outside for b in found),
        pl.concat(b.rejected for b in found),
        [n for b in found for n in b.notes],
    )


def real_batch(name: str) -> Batch:
    with gzip.open(shared_real() / "lens_csv" / name) as stream:
        return whole(read_csv(stream, file=name))


def real_rows(name: str) -> list[dict[str, str]]:
    with gzip.open(shared_real() / "lens_csv" / name, "rt", encoding="utf-8-sig", newline="") as f:
        return list(csv.DictReader(f))


# --- by record: counts of the README of the real files, taken with Python's csv module ----------


@pytest.mark.parametrize(
    ("name", "records", "cites", "cited_by", "families"),
    [
        ("2016_drones_fulltext_families_5884_raw.csv.gz", 5884, None, 47_360, None),
        ("2021_antontruly_lens-export.csv.gz", 3779, 10_365, 13_518, None),
        ("2025_polyphosphate_patents_data.csv.gz", 86, 730, 725, 51),
        ("2026_battery_raw_patents_10cols.csv.gz", 797, None, None, None),
        ("2026_opensangamo_lens-export.csv.gz", 130, 4681, None, 130),
    ],
)
def test_every_real_export_gives_the_counts_of_its_readme(
    name: str, records: int, cites: int | None, cited_by: int | None, families: int | None
) -> None:
    batch = real_batch(name)
    assert (batch.records.height, batch.rejected.height, batch.notes) == (records, 0, [])
    assert batch.records["lens_id"].n_unique() == records
    counted = batch.records["cites_count"]
    assert (counted.sum() if counted.count() else None) == cites
    if cited_by is not None:
        assert batch.records["cited_by_count"].sum() == cited_by
    if families is not None:
        sets = batch.members.group_by("row").agg(pl.col("member").unique().sort().alias("m"))
        assert sets["m"].n_unique() == families
        size = sets.sort("row")["m"].list.len().cast(pl.Int32)
        assert size.to_list() == batch.records["family_size"].to_list()


@pytest.mark.parametrize(
    "name",
    [
        "2016_drones_fulltext_families_5884_raw.csv.gz",
        "2021_antontruly_lens-export.csv.gz",
        "2025_polyphosphate_patents_data.csv.gz",
    ],
)
def test_cells_of_real_exports_arrive_as_the_csv_module_reads_them(name: str) -> None:
    rows, batch = real_rows(name), real_batch(name)
    r = batch.records
    assert r["lens_id"].to_list() == [row["Lens ID"] for row in rows]
    assert r["office"].to_list() == [row["Jurisdiction"] for row in rows]
    assert r["kind"].to_list() == [row["Kind"] for row in rows]
    iso = [str(d) if d else "" for d in r["published"].to_list()]
    assert iso == [row["Publication Date"] for row in rows]
    assert r["family_size"].to_list() == [int(row["Simple Family Size"]) for row in rows]
    for role, column in (("applicant", "Applicants"), ("inventor", "Inventors")):
        got = batch.parties.filter(role=role).group_by("row", maintain_order=True).agg("name")
        names = dict(got.iter_rows())
        assert [";;".join(names.get(i, [])) for i in range(len(rows))] == [
            row[column].strip() for row in rows
        ]
    for scheme, column in (("CPC", "CPC Classifications"), ("IPC", "IPCR Classifications")):
        got = batch.classes.filter(scheme=scheme).group_by("row").agg(pl.col("symbol").sort())
        symbols = dict(got.iter_rows())
        assert [symbols.get(i, []) for i in range(len(rows))] == [
            sorted(set(filter(None, row[column].split(";;")))) for row in rows
        ]
    number = [
        re.sub(r"\W", "", (row.get("Publication Number") or row["Display Key"])[2:]) for row in rows
    ]
    assert all(n.startswith(d) for n, d in zip(number, r["doc_number"], strict=True))


def test_the_rows_of_2021_without_publication_date_or_without_priority_are_kept() -> None:
    records = real_batch("2021_antontruly_lens-export.csv.gz").records
    undated = records.filter(pl.col("published").is_null())
    assert undated.select("line", "office", "priority_offices").rows() == [(1952, "BE", "GB")]
    bare = records.filter(pl.col("priorities").is_null())
    assert bare.select("line", "office", "priority_offices", "earliest_priority").rows() == [
        (3135, "DE", None, None)
    ]


def test_earliest_priorities_and_their_offices_are_those_with_the_smallest_date() -> None:
    for name in ("2016_drones_fulltext_families_5884_raw", "2021_antontruly_lens-export"):
        rows, records = real_rows(f"{name}.csv.gz"), real_batch(f"{name}.csv.gz").records
        checked = 0
        for row, date, offices in zip(
            rows, records["earliest_priority"], records["priority_offices"], strict=True
        ):
            entries = [e.split() for e in row["Priority Numbers"].split(";;") if e]
            if not entries or any(len(e) < 4 for e in entries):
                continue
            first = min(e[-1] for e in entries)
            assert f"{date:%Y%m%d}" == first
            assert offices == " ".join(sorted({e[0] for e in entries if e[-1] == first}))
            checked += 1
        assert checked > 0.99 * len(rows)


def test_scholarly_exports_are_refused_by_name() -> None:
    for path in sorted((shared_real() / "lens_csv" / "not_patents").glob("*.gz")):
        with gzip.open(path) as stream, pytest.raises(InputError, match="scholarly works"):
            list(read_csv(stream, file=path.name))


# --- by hand ------------------------------------------------------------------------------------


def test_a_record_fills_the_columns_that_a_csv_can_fill() -> None:
    batch = read(f"{HEADER}\r\n{line(1, ONE)}\r\n")
    assert dict(batch.records.schema) == dict(RECORDS)
    record = batch.records.to_dicts()[0]
    assert {k: v for k, v in record.items() if v is not None} == {
        "doc": key(ONE), "lens_id": ONE, "line": 2, "form": "lens-csv", "office": "EP",
        "doc_number": "1234567", "kind": "A1", "published": dt.date(2008, 7, 10),
        "publication_type": "AMENDED_PATENT", "legal_status": "ACTIVE",
        "application_date": dt.date(2007, 2, 1), "earliest_priority": dt.date(2006, 2, 1),
        "priority_offices": "EP NL", "priorities": "EP06123456;NL1009588", "family_size": 2,
        "cites_count": 3, "cited_by_count": 5, "title": "A title",
    }  # fmt: skip
    assert dict(batch.parties.schema) == dict(PARTIES)
    assert batch.parties.rows() == [
        (0, "applicant", "ACME BV", None),
        (0, "applicant", "KRESS; ROBERT W.", None),
        (0, "inventor", "KRESS; ROBERT W.", None),
    ]
    assert dict(batch.classes.schema) == dict(CLASSES)
    assert batch.classes.rows() == [
        (0, "CPC", "A01B1/00"), (0, "CPC", "A01B2/00"), (0, "IPC", "A01B1/00"),
    ]  # fmt: skip
    assert dict(batch.members.schema) == dict(MEMBERS)
    assert batch.members["doc_number"].null_count() == batch.members.height
    assert batch.members.select("row", "member", "office").rows() == [
        (0, key(ONE), "EP"), (0, key(THREE), None), (0, key(ONE), "US"),
    ]  # fmt: skip
    assert batch.references.height == batch.outside.height == 0


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_line_numbers_are_physical_with_newlines_inside_cells(end: str) -> None:
    title = f'He said "no"{end}and{end}went'
    text = end.join([HEADER, line(1, ONE, title), "", "not,a,record", line(2, TWO)])
    batch = read(text)
    assert batch.records["line"].to_list() == [2, 7]
    assert batch.rejected["line"].to_list() == [6]


def test_a_line_end_split_between_two_blocks_counts_once() -> None:
    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 1, 1))

    text = "\r\n".join([HEADER, line(1, ONE), line(2, TWO)])
    batch = whole(read_csv(Dribble(text.encode()), file="x"))
    assert batch.records["line"].to_list() == [2, 3]


def test_pieces_of_spilled_rows_are_rejected_with_line_and_reason_and_blank_rows_are_none() -> None:
    empty = "," * 60
    text = "\r".join(
        [
            HEADER + empty,
            line(1, ONE) + empty,
            "and the rest of a long cell" + empty,
            empty,
            line(2, TWO)[:60] + empty,
            line(3, TWO) + empty,
        ]
    )
    batch = read(text)
    assert batch.records["lens_id"].to_list() == [ONE, TWO, TWO]
    assert batch.rejected.rows() == [(3, "no Lens ID: a piece of a spilled or broken row")]
    assert batch.read == 4


def test_a_row_whose_cells_are_shifted_is_rejected_rather_than_read_wrong() -> None:
    shifted = line(1, ONE).replace("A title", "A title, with a bare comma")
    batch = read(f"{HEADER}\n{shifted}\n{line(2, TWO)}\n")
    assert batch.records["lens_id"].to_list() == [TWO]
    assert "the cells are shifted" in batch.rejected["reason"][0]


def test_a_lost_quotation_mark_costs_one_record_and_not_the_rest() -> None:
    rows = [line(i, f"00{i}-000-000-000-001", 'a, "b"') for i in range(1, 6)]
    rows[1] = rows[1].replace('"', "", 1)
    batch = read("\n".join([HEADER, *rows]))
    clean = read(
        "\n".join([HEADER, *(line(i, f"00{i}-000-000-000-001", 'a, "b"') for i in range(1, 6))])
    )
    assert batch.records.filter(pl.col("line") != 3).equals(
        clean.records.filter(pl.col("line") != 3)
    )
    assert batch.read == 5


def test_the_order_of_one_column_serves_another_that_does_not_tell() -> None:
    row = line(1, ONE, **{"Publication Date": "10/07/08", "Application Date": "01/31/07"})
    assert read(f"{HEADER}\n{row}").records["published"].to_list() == [dt.date(2008, 10, 7)]


def test_a_publication_date_that_is_none_rejects_and_other_dates_are_left_empty_with_a_note() -> (
    None
):
    bad = line(1, ONE, **{"Publication Date": "soon"})
    odd = line(2, TWO, **{"Application Date": "2007-02-31"})
    batch = read(f"{HEADER}\n{bad}\n{odd}")
    assert batch.rejected.rows() == [(2, "the publication date is 'soon', not a date")]
    assert batch.records["application_date"].to_list() == [None]
    assert batch.notes == ["1 cells of 'Application Date' hold no date and are left empty"]


def test_lists_that_a_user_separated_otherwise_are_split_and_names_with_semicolons_are_not() -> (
    None
):
    semicolon = line(1, ONE).replace(";;", "; ").replace("KRESS; ROBERT W.", "DOE JOHN")
    batch = read(f"{HEADER}\n{semicolon}")
    assert batch.parties.filter(role="applicant")["name"].to_list() == ["ACME BV", "DOE JOHN"]
    assert batch.classes.height == 3
    pipe = read(f"{HEADER}\n{line(1, ONE).replace(';;', '|')}")
    assert pipe.parties["name"].to_list() == ["ACME BV", "KRESS; ROBERT W.", "KRESS; ROBERT W."]


def test_nul_stray_bytes_and_other_encodings_do_not_stop_the_reader() -> None:
    row = line(1, ONE, Applicants="MÜLLER\0 BV")
    assert read(f"{HEADER}\n{row}").parties["name"][0] == "MÜLLER BV"
    assert read(f"{HEADER}\n{row}".encode("cp1252")).parties["name"][0] == "MÜLLER BV"
    mixed = f"{HEADER}\n".encode() + line(1, ONE, Applicants="日本@").encode().replace(
        b"@", b"\xfc"
    )
    assert read(mixed).parties["name"][0] == "日本\ufffd"


def test_a_record_over_the_limit_is_rejected_and_the_next_is_read() -> None:
    text = "\n".join([HEADER, line(1, ONE, "x" * 5000), line(2, TWO)])
    batch = read(text, max_record=4096)
    assert batch.records["lens_id"].to_list() == [TWO]
    assert batch.rejected["line"].to_list() == [2]
    assert "--max-record" in batch.rejected["reason"][0]


def test_files_set_one_after_the_other_are_read_with_their_own_headers() -> None:
    other = f"Lens ID,Jurisdiction,Kind\n{TWO},US,B2"
    batch = read(f"{HEADER}\n{line(1, ONE)}\n{other}\n")
    assert batch.records.select("lens_id", "office", "kind").rows() == [
        (ONE, "EP", "A1"), (TWO, "US", "B2"),
    ]  # fmt: skip
    assert batch.rejected.rows() == [(3, "a second header")]


def test_an_export_without_rows_is_one_empty_batch_and_an_empty_file_an_error() -> None:
    batch = read(HEADER)
    assert (batch.read, dict(batch.rejected.schema)) == (0, dict(REJECTED))
    with pytest.raises(InputError, match=r"x\.csv: the file is empty"):
        read(b"\r\n\r\n")


# --- by law -------------------------------------------------------------------------------------

ROWS = [line(i, f"00{i}-000-000-000-00{i}", f'Title {i}, "x"\nmore') for i in range(1, 9)]


@given(
    victim=st.integers(0, 7),
    at=st.integers(0, 10_000),
    length=st.integers(0, 40),
    bytes_in=st.binary(max_size=6),
)
def test_damage_to_one_record_never_raises_and_leaves_the_others_as_they_were(
    victim: int, at: int, length: int, bytes_in: bytes
) -> None:
    raw = [r.encode() for r in ROWS]
    clean = read(b"\n".join([HEADER.encode(), *raw]))
    at %= len(raw[victim])
    raw[victim] = raw[victim][:at] + bytes_in + raw[victim][at + length :]
    hurt = read(b"\n".join([HEADER.encode(), *raw]))
    ids = [f"00{i}-000-000-000-00{i}" for i in range(1, 9)]
    others = pl.col("lens_id").is_in([x for i, x in enumerate(ids) if i != victim])
    same = hurt.records.filter(others).drop("line")
    assert same.unique("lens_id", keep="first", maintain_order=True).equals(
        clean.records.filter(others).drop("line")
    )
    assert hurt.read == hurt.records.height + hurt.rejected.height


def test_a_row_has_its_title() -> None:
    rows = [HEADER, line(1, ONE, 'A pump, "new"'), line(2, TWO, " ")]
    found = read("\n".join(rows))
    assert found.records["title"].to_list() == ['A pump, "new"', None]
