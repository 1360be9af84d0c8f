"""The compiled library is used only where its layout is the one that Python expects."""

from __future__ import annotations

import ctypes
import hashlib
import re
from pathlib import Path

import pytest

from netpos.ingest import compiled
from netpos.ingest.corpus import TABLES, ingest
from netpos.ingest.readers.scan import _Scan
from tests.conftest import ROOT
from tests.lens import toy_records, write

needs_library = pytest.mark.skipif(
    not compiled.available(), reason="netpos was installed without its compiled scanner"
)
SOURCE = ROOT / "netpos" / "ingest" / "native" / "lens_scan.c"
#: Of the structure and the heads of exported functions. When they change:
#: raise LAYOUT in compiled.py and in lens_scan.c, and write the new number and digest here.
KNOWN = (3, "4aab2c24d6aa0bea")


def layout_digest(source: str) -> str:
    """A number for what Python and C must agree on, whatever the comments and the spacing."""
    bare = re.sub(r"/\*.*?\*/", " ", source, flags=re.DOTALL)
    structures = re.findall(r"typedef struct \{.*?\} \w+;", bare, flags=re.DOTALL)
    heads = re.findall(r"^EXPORTED\s+([^{=]*\))\s*\{", bare, flags=re.MULTILINE)
    assert len(heads) == len(compiled._FUNCTIONS)
    shared = [s for s in structures if re.search(r"\} (?:view|strings|scan);$", s)]
    assert len(shared) == 3
    return hashlib.sha256(" ".join(" ".join([*shared, *heads]).split()).encode()).hexdigest()[:16]


def test_a_change_of_the_layout_changes_its_number() -> None:
    source = SOURCE.read_text(encoding="utf-8")
    (number,) = re.findall(r"const i64 netpos_layout_(\d+) = sizeof\(scan\);", source)
    assert (int(number), layout_digest(source)) == KNOWN
    assert KNOWN[0] == compiled.LAYOUT


@needs_library
def test_the_structure_has_one_size_in_c_and_in_python() -> None:
    name = f"netpos_layout_{compiled.LAYOUT}"
    assert ctypes.c_int64.in_dll(compiled.library(), name).value == ctypes.sizeof(_Scan)


@needs_library
@pytest.mark.parametrize("what", ["of another layout", "of another system", "none"])
def test_a_library_that_does_not_fit_is_said_once_and_never_called(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.jsonl", toy_records())
    right = ingest([path], tmp_path / "right")
    content = compiled._PATH.read_bytes()
    other = tmp_path / compiled._PATH.name
    if what == "of another layout":
        name = f"netpos_layout_{compiled.LAYOUT}".encode()
        assert name in content
        other.write_bytes(content.replace(name, name[:-1] + b"0"))
    elif what == "of another system":
        other.write_bytes(b"MZ" + content[2:])
    monkeypatch.setattr(compiled, "_PATH", other)
    compiled._library.cache_clear()
    try:
        said: list[str] = []
        found = ingest([path], tmp_path / "found", report=said.append)
        assert not compiled.available()
        with pytest.raises(RuntimeError):
            compiled.library()
    finally:
        compiled._library.cache_clear()
    told = [line for line in said if "compiled scanner" in line]
    assert len(told) == (what != "none")
    assert all("install netpos again" in line and "\n" not in line for line in told)
    for table in TABLES:
        assert found.table(table).equals(right.table(table)), table
