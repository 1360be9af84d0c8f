"""One world in every form: the same links and sizes, and a context that locates the same ends."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
import zstandard
from polars.testing import assert_frame_equal

from netpos import analysis
from netpos.ingest.corpus import Corpus, ingest, read
from netpos.options import Options
from tests import worlds
from tests.analysis.test_study import QUANTUM
from tests.lens import lens_id, record, write

WORLD = worlds.us_world()
OFFICES = worlds.office_world()
Write = Callable[..., Path]


def parted(documents: list[worlds.Document]) -> tuple[list[int], list[int]]:
    """Numbers of the documents of the first families, and of the others."""
    first = [d.n for d in documents if d.family <= 24]
    return first, [d.n for d in documents if d.family > 24]


SEEDS, CONTEXT = parted(WORLD)


def zipped(path: Path, *rest: object) -> Path:
    plain = worlds.write_publication_lines(path, *rest)
    plain.write_bytes(gzip.compress(plain.read_bytes()))
    return plain


def squeezed(path: Path, *rest: object) -> Path:
    plain = worlds.write_publication_lines(path, *rest)
    plain.write_bytes(zstandard.compress(plain.read_bytes()))
    return plain


def pieces(path: Path, documents: list[worlds.Document], of: list[int] | None = None) -> Path:
    """A folder of pieces, in both kinds of files."""
    path.mkdir()
    numbers = of or [d.n for d in documents]
    worlds.write_publications(path / "000000000000.parquet", documents, numbers[::2])
    worlds.write_publication_lines(path / "000000000001.json", documents, numbers[1::2])
    return path


FORMS: dict[str, Write] = {
    "lines": worlds.write_publication_lines,
    "gz": zipped,
    "zst": squeezed,
    "parquet": worlds.write_publications,
    "pieces": pieces,
    "tables": worlds.write_tables,
}


def links(corpus: Corpus, **options: object) -> tuple[pl.DataFrame, pl.DataFrame]:
    found = analysis.country_links(corpus, **QUANTUM, options=Options(**options))
    nodes = found.nodes.select("node", "families").sort("node")
    return found.table.sort("citing", "cited"), nodes


@dataclass
class Known:
    """A corpus that others must equal, and its links under options, counted once."""

    corpus: Corpus
    found: dict[str, tuple[pl.DataFrame, pl.DataFrame]] = field(default_factory=dict)

    def links(self, **options: object) -> tuple[pl.DataFrame, pl.DataFrame]:
        key = repr(sorted(options.items()))
        if key not in self.found:
            self.found[key] = links(self.corpus, **options)
        return self.found[key]


def same(a: Known, b: Corpus, **options: object) -> None:
    for one, other in zip(a.links(**options), links(b, **options), strict=True):
        assert one.height
        assert_frame_equal(one, other, rel_tol=0, abs_tol=1e-9)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """The world in Lens records."""
    return Known(read(worlds.write_lens(tmp_path_factory.mktemp("world") / "w.jsonl", WORLD)))


@pytest.fixture(scope="module")
def located(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """A part of the world as seeds, the rest as their context, both in Lens records."""
    folder = tmp_path_factory.mktemp("located")
    ingest([worlds.write_lens(folder / "seeds.jsonl", WORLD, SEEDS)], folder / "c")
    context = worlds.write_lens(folder / "context.jsonl", WORLD, CONTEXT)
    return Known(ingest([context], folder / "c", role="context"))


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """The world of several offices in Lens records."""
    return Known(read(worlds.write_lens(tmp_path_factory.mktemp("offices") / "w.jsonl", OFFICES)))


@pytest.fixture(scope="module")
def located_offices(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """A part of the world of several offices as seeds, the rest as their context."""
    folder = tmp_path_factory.mktemp("located")
    first, rest = parted(OFFICES)
    ingest([worlds.write_lens(folder / "seeds.jsonl", OFFICES, first)], folder / "c")
    context = worlds.write_lens(folder / "context.jsonl", OFFICES, rest)
    return Known(ingest([context], folder / "c", role="context"))


@pytest.mark.parametrize("form", FORMS)
def test_a_world_in_any_form_gives_the_same_links_and_sizes(
    world: Known, tmp_path: Path, form: str
) -> None:
    other = read(FORMS[form](tmp_path / "other", WORLD))
    for scope in ("closed", "citing", "cited"):
        same(world, other, scope=scope)
    counts = other.counts
    assert counts["read"] == counts["kept"] == len(WORLD)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("first", ["seeds", "context"])
def test_a_context_in_any_form_locates_the_same_citations(
    located: Known, tmp_path: Path, form: str, first: str
) -> None:
    one = located.corpus
    seeds = worlds.write_lens(tmp_path / "seeds.jsonl", WORLD, SEEDS)
    other = FORMS[form](tmp_path / "other", WORLD, CONTEXT)
    parts = [(seeds, "seed"), (other, "context")]
    for path, role in parts if first == "seeds" else parts[::-1]:
        two = ingest([path], tmp_path / "b", role=role)
    for scope in ("citing", "cited"):
        same(located, two, scope=scope)
        same(located, two, scope=scope, design="focal", focal="NL")
    alone = read(seeds)
    both = ["citing_family", "cited_family"]
    assert alone.citations.drop_nulls(both).height < one.citations.drop_nulls(both).height
    assert two.citations.drop_nulls(both).height == one.citations.drop_nulls(both).height
    assert two.counts["mentions_by_number"] > 0


@pytest.mark.parametrize("form", [f for f in FORMS if f != "tables"])
def test_a_world_of_several_offices_gives_the_same_in_any_form(
    offices: Known, tmp_path: Path, form: str
) -> None:
    lens = offices.corpus
    other = read(FORMS[form](tmp_path / "other", OFFICES))
    assert other.counts["families"] == lens.counts["families"] == len({d.family for d in OFFICES})
    for scope in ("closed", "citing", "cited"):
        same(offices, other, scope=scope)
    for one in (
        {"phase": "examiner"},
        {"phase": "applicant"},
        {"citing_office": "EP"},
        {"year_by": "priority"},
        {"utility_models": "drop"},
        {"by": "inventor"},
        {"design": "focal", "focal": "NL"},
    ):
        same(offices, other, **one)
    assert lens.families["utility"].sum() == other.families["utility"].sum() == 5


@pytest.mark.parametrize("form", [f for f in FORMS if f != "tables"])
def test_a_context_of_several_offices_locates_the_same(
    located_offices: Known, tmp_path: Path, form: str
) -> None:
    first, rest = parted(OFFICES)
    seeds = worlds.write_lens(tmp_path / "seeds.jsonl", OFFICES, first)
    ingest([seeds], tmp_path / "b")
    one = located_offices.corpus
    two = ingest([FORMS[form](tmp_path / "other", OFFICES, rest)], tmp_path / "b", role="context")
    for scope in ("citing", "cited"):
        same(located_offices, two, scope=scope)
    both = ["citing_family", "cited_family"]
    assert two.citations.drop_nulls(both).height == one.citations.drop_nulls(both).height
    assert read(seeds).citations.drop_nulls(both).height < two.citations.drop_nulls(both).height


def test_publications_as_seeds_are_located_by_a_context_of_lens(
    located: Known, tmp_path: Path
) -> None:
    seeds = worlds.write_publications(tmp_path / "seeds.parquet", WORLD, SEEDS)
    ingest([seeds], tmp_path / "b")
    two = ingest(
        [worlds.write_lens(tmp_path / "c.jsonl", WORLD, CONTEXT)], tmp_path / "b", role="context"
    )
    for scope in ("citing", "cited"):
        same(located, two, scope=scope)


def test_a_document_in_two_forms_is_one(world: Known, tmp_path: Path) -> None:
    worlds.write_lens(tmp_path / "a.jsonl", WORLD)
    worlds.write_publications(tmp_path / "b.parquet", WORLD)
    corpus = read(tmp_path)
    assert corpus.counts["kept"] == corpus.counts["duplicates"] == len(WORLD)
    assert corpus.counts["families"] == 40
    assert set(corpus.documents["lens_id"]) == {lens_id(d.n) for d in WORLD}
    same(world, corpus)


def test_families_of_two_sources_are_one_by_a_document_they_share(tmp_path: Path) -> None:
    """A member that only the other source has belongs to the family, whatever it is called."""
    pair = next(d for d in WORLD if d.kind == "A1")
    grant = next(d for d in WORLD if d.family == pair.family and d.kind == "B2")
    records = worlds.lens_lines(WORLD, [grant.n])
    records[0]["families"] = {"simple_family": {"family_id": str(50_000_000 + 7)}}
    write(tmp_path / "a.jsonl", records)
    worlds.write_publications(tmp_path / "b.parquet", WORLD, [pair.n, grant.n])
    corpus = read(tmp_path)
    assert corpus.counts["kept"] == 2
    assert corpus.families["family_id"].to_list() == ["50000007"]
    # the number 7 of one source is not the number 7 of the other
    other = next(d for d in WORLD if d.family == 7)
    worlds.write_publications(tmp_path / "c.parquet", WORLD, [other.n])
    assert read(tmp_path).counts["families"] == 2


def test_a_member_listed_with_its_number_is_the_publication_of_that_number(
    tmp_path: Path,
) -> None:
    pair = next(d for d in WORLD if d.kind == "A1")
    grant = next(d for d in WORLD if d.family == pair.family and d.kind == "B2")
    worlds.write_lens(tmp_path / "a.jsonl", WORLD, [grant.n])
    worlds.write_publications(tmp_path / "b.parquet", WORLD, [pair.n])
    corpus = read(tmp_path)
    assert (corpus.counts["kept"], corpus.counts["families"]) == (2, 1)


def test_rows_in_another_order_give_the_same_tables(tmp_path: Path) -> None:
    numbers = [d.n for d in WORLD]
    a = read(worlds.write_publications(tmp_path / "p.parquet", WORLD))
    lines = worlds.write_publication_lines(tmp_path / "q.jsonl", WORLD).read_text().splitlines()
    random.Random(3).shuffle(lines)
    (tmp_path / "q.jsonl").write_text("\n".join(lines))
    b = read(tmp_path / "q.jsonl")
    assert len(numbers) == a.documents.height
    for name in ("families", "applicants", "classifications", "citations", "outside", "members"):
        assert a.table(name).equals(b.table(name)), name


def test_a_table_of_numbers_and_families_closes_what_was_outside(tmp_path: Path) -> None:
    """A document cited by number only is of the family that the table says it shares."""
    named = {"jurisdiction": "US", "doc_number": "20140313399", "kind": "A1"}
    seeds = [
        record(1, cites=[{"patcit": {"document_id": named}}]),
        record(2, applicants=[("BETA GMBH", "DE")]),
    ]
    ingest([write(tmp_path / "s.jsonl", seeds)], tmp_path / "c")
    numbers = {"publication_number": ["US-2014313399-A1", "EP-2-A1"], "family_id": ["77", "77"]}
    pl.DataFrame(numbers).write_parquet(tmp_path / "m.parquet")
    corpus = ingest([tmp_path / "m.parquet"], tmp_path / "c", role="context")
    assert corpus.counts["families"] == 2
    assert corpus.counts["mentions_by_number"] == 1
    assert analysis.country_links(corpus, **QUANTUM).table.rows() == [("NL", "DE", 1.0, 1)]


@pytest.mark.parametrize("form", FORMS)
def test_titles_are_the_same_in_any_form(world: Known, tmp_path: Path, form: str) -> None:
    found = []
    for corpus in (world.corpus, read(FORMS[form](tmp_path / "other", WORLD))):
        documents = corpus.documents.with_row_index("document").cast({"document": pl.Int32})
        table = corpus.table("titles").join(documents, on="document")
        found.append(table.select("office", "doc_number", "title", "language").sort("title"))
    assert_frame_equal(*found)
    assert sorted(found[0]["title"]) == sorted(d.title for d in WORLD)
    assert set(found[0]["language"]) == {"en"}
