"""Of bulk tables only documents of the technologies are read, with others of their applications."""

from __future__ import annotations

from pathlib import Path

from netpos.analysis import country_links
from netpos.analysis.technologies import load_technologies, selection
from netpos.ingest.corpus import ingest, read
from netpos.ingest.selection import LARGE, select
from netpos.options import Options
from tests import worlds
from tests.analysis.test_study import QUANTUM as SPAN
from tests.lens import QUANTUM


def test_links_of_a_technology_are_the_same_without_the_rest(tmp_path: Path) -> None:
    world = worlds.us_world()
    for d in world:
        if d.family % 3 == 0:
            d.symbols = ("A01B1/00",)
        elif d.kind == "B2":
            d.symbols = ()  # its publication has the class
    tables = worlds.write_tables(tmp_path / "t", world)
    whole = read(tables)
    chosen = selection(load_technologies(Path(QUANTUM[1])))
    part = ingest([tables], tmp_path / "c", selection=chosen)
    kept = [d for d in world if d.family % 3]
    assert part.counts["read"] == part.counts["kept"] == len(kept) < whole.counts["kept"]
    assert sorted(part.documents["doc_number"]) == sorted(d.number for d in kept)
    options = Options(technologies=QUANTUM[1])
    one, two = (country_links(c, **SPAN, options=options).table for c in (whole, part))
    assert one.height
    assert one.equals(two)
    out = len(world) - len(kept)
    note = f"{out} documents have no class of the technologies and are left out"
    assert note in part.manifest["inputs"][0]["notes"]
    again = ingest([tables], tmp_path / "c", selection=chosen)
    assert len(again.manifest["inputs"]) == 1
    assert ingest([tables], tmp_path / "c").counts["kept"] == whole.counts["kept"]


def test_other_forms_are_read_whole(tmp_path: Path) -> None:
    path = worlds.write_publications(tmp_path / "p.parquet", worlds.us_world(8))
    chosen = selection(load_technologies())
    assert ingest([path], tmp_path / "c", selection=chosen).counts["kept"] == 12
    assert select([], chosen) == []
    assert LARGE == ("uspto-tables",)
