r"""Coverage closed in rounds: ``netpos fetch --missing CORPUS``.

A round asks for what the documents of the corpus cite (one ``terms`` on
``cited_by.patent.lens_id``) and for what cites them (``reference_cited.patent.lens_id``), those
first whose citations lack a country most; what these did not bring is asked for by Lens ID or
number in a later round, with the members not yet there of families without a country. What was
asked for is never asked for again, whatever came: a Lens ID may come under another one.

All is written into the folder of the fetch, with a copy of the corpus that grows from round to
round; the corpus itself stays as it is unless asked otherwise.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl

from netpos import analysis
from netpos.analysis import Study
from netpos.commands.fetch import Common, Session, session, told
from netpos.commands.missing import (
    as_ids,
    coverage,
    families_without_country,
    missing_documents,
    no_invention,
    select_pairs,
    without_lens_id,
)
from netpos.commands.query import FIELDS
from netpos.errors import InputError, OptionError, ServiceError
from netpos.fetching.asking import Enough
from netpos.fetching.keeping import DONE, Kept
from netpos.fetching.pieces import read_pieces
from netpos.fetching.usage import PAGE
from netpos.files import write_text, writing
from netpos.graph.links import Scope
from netpos.ingest.corpus import Corpus, ingest, open_corpus, reading
from netpos.options import Options

#: Words of --scope.
SCOPES: dict[str, tuple[Scope, ...]] = {
    "both": ("citing", "cited"),
    "citing": ("citing",),
    "cited": ("cited",),
}
#: What brings the other ends of links at once, by the scope that they count in.
_FIELDS = {
    "citing": ("cited_by.patent.lens_id", "what the corpus cites"),
    "cited": ("reference_cited.patent.lens_id", "what cites the corpus"),
}
_RELATIONS = tuple(field for field, _ in _FIELDS.values())
#: Documents named in one query; Lens recommends 10,000 at most.
BATCH = 2000
#: Most records on a page of our own queries, where the plan allows more.
_LARGEST_PAGE = 500


@dataclass(frozen=True)
class Gaps:
    """Which citations are to be closed, and how.

    Parameters
    ----------
    corpus
        Folder of the corpus.
    options
        Options of the run that the coverage is for.
    technology
        The id of one; default the union.
    scope
        ``citing``: what the technology cites; ``cited``: what cites it; ``both``.
    rounds
        At most so many, those of earlier calls with the same folder included.
    batch
        Documents named in one query.
    add
        Also add what came to the corpus itself, as context.
    """

    corpus: Path
    options: Options
    technology: str | None = None
    scope: str = "both"
    rounds: int = 3
    batch: int = BATCH
    add: bool = False

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Scopes to close."""
        return SCOPES[self.scope]


def holders(study: Study, scope: Scope, technology: str | None = None) -> pl.DataFrame:
    """List documents of the corpus with citations that documents outside would locate.

    Parameters
    ----------
    study
        From `netpos.analysis.prepare`.
    scope
        ``citing`` or ``cited``; see `netpos.commands.missing.missing_documents`.
    technology
        The id of one; default the union.

    Returns
    -------
    pl.DataFrame
        ``family`` Int64, ``lens_id`` String, ``citations`` Int64 >= 1 [family pairs of its family
        that a document outside would locate]; most first, then by family and Lens ID.
    """
    chosen = select_pairs(study, technology, None, scope, None)
    n, located = study.families, study.shares.located
    hopeless = np.zeros(study.rows, dtype=bool)
    hopeless[n:] = no_invention(study, study.corpus.table("outside")).to_numpy()
    adds = located[chosen.own] & (chosen.other >= n) & ~located[chosen.other]
    open_pairs = np.bincount(chosen.own[adds & ~hopeless[chosen.other]], minlength=n)[:n]
    of = pl.DataFrame({"family": np.flatnonzero(open_pairs)}).with_columns(
        pl.col("family").cast(pl.Int64), citations=pl.Series(open_pairs[open_pairs > 0])
    )
    return (
        study.corpus.columns("documents", "family", "lens_id")
        .drop_nulls()
        .with_columns(pl.col("family").cast(pl.Int64))
        .join(of, on="family")
        .sort("citations", "family", "lens_id", descending=[True, False, False])
    )


def plan(
    study: Study, gaps: Gaps, asked: dict[str, set[str]], page: int, number: int
) -> list[dict[str, Any]]:
    """Write the queries of a round, in the form of ``netpos query --as api``.

    Parameters
    ----------
    study
        The corpus as it is now.
    gaps
        What is to be closed.
    asked
        Field -> values named in earlier rounds.
    page
        Records on a page.
    number
        Of the round.

    Returns
    -------
    list of dict
        ``technology`` (what it is for), ``part``, ``parts``, ``expected``, ``request``; empty
        where nothing is left to ask for.
    """
    found: list[dict[str, Any]] = []

    def ask(field: str, what: str, values: Sequence[str], expected: Sequence[int]) -> None:
        for part, begin in enumerate(range(0, len(values), gaps.batch)):
            named = list(values[begin : begin + gaps.batch])
            found.append(
                {
                    "technology": f"round {number}, {what}",
                    "part": part + 1,
                    "parts": len(expected),
                    "expected": expected[part],
                    "request": {
                        "query": {"terms": {field: named}},
                        "include": list(FIELDS),
                        "size": page,
                        "scroll": "1m",
                    },
                }
            )

    by_name: dict[str, dict[str, None]] = {"lens_id": {}, "ids": {}}
    for scope in gaps.scopes:
        field, what = _FIELDS[scope]
        table = holders(study, scope, gaps.technology)
        table = table.filter(~pl.col("lens_id").is_in(sorted(asked.get(field, set()))))
        if table.height:
            ask(field, what, table["lens_id"].to_list(), _ends(study, gaps, scope, table))
            continue
        rest = missing_documents(study, technology=gaps.technology, scope=scope)
        held = families_without_country(study, technology=gaps.technology, scope=scope)
        members = held["members"].explode().drop_nulls().to_list()
        by_name["lens_id"] |= dict.fromkeys(as_ids(rest)) | dict.fromkeys(members)
        by_name["ids"] |= dict.fromkeys(without_lens_id(rest))
    for field, what in (("lens_id", "by Lens ID"), ("ids", "by number")):
        values = [v for v in by_name[field] if v not in asked.get(field, set())]
        starts = range(0, len(values), gaps.batch)
        ask(field, what, values, [len(values[k : k + gaps.batch]) for k in starts])
    return found


def _ends(study: Study, gaps: Gaps, scope: Scope, table: pl.DataFrame) -> list[int]:
    """Count the distinct other ends of each batch of documents."""
    chosen = select_pairs(study, gaps.technology, None, scope, None)
    order = np.argsort(chosen.own, kind="stable")
    own, other = chosen.own[order], chosen.other[order]
    found = []
    for begin in range(0, table.height, gaps.batch):
        families = table["family"][begin : begin + gaps.batch].unique().to_numpy()
        found.append(int(np.unique(other[np.isin(own, families)]).size))
    return found


def fetch_missing(gaps: Gaps, common: Common) -> tuple[Path, Path | None]:
    """Fetch in rounds what locates the citations of a corpus.

    Returns
    -------
    (corpus, pages)
        The copy that the pages were added to, and the folder of the pages, None where none came.

    Raises
    ------
    InputError, OptionError
        There is no such corpus, or the folder is of another one.
    ServiceError
        See `netpos.commands.fetch.Session.fetch`; what came before is in the copy.
    """
    if gaps.scope not in SCOPES:
        raise OptionError(f"--scope {gaps.scope}: unknown", remedy="choose both, citing or cited")
    inside, place = gaps.corpus.resolve(), common.out.resolve()
    if place == inside or inside in place.parents:
        problem = f"--out {common.out}: lies in the corpus"
        raise OptionError(problem, remedy="choose a folder outside of it")
    opened = open_corpus(gaps.corpus)
    with session(common) as running:
        copy = _copied(opened, gaps.corpus, running.kept)
        try:
            _rounds(gaps, running, copy)
        except Enough:
            _add(running.kept, copy)
            running.say(
                "stopped by --max-records; the same command with a higher number goes on with "
                f"round {_last(running.kept)}"
            )
        except ServiceError:
            _add(running.kept, copy)
            _say_coverage(gaps, running, copy, "so far")
            _add_to_corpus(gaps, running)
            raise
        _add_to_corpus(gaps, running)
        return copy, told(running.kept, running.say)


def _rounds(gaps: Gaps, running: Session, copy: Path) -> None:
    kept = running.kept
    _add(kept, copy)
    page = 0
    before = _say_coverage(gaps, running, copy, "before")
    for number in range(1, gaps.rounds + 1):
        file = kept.out / f"round-{number}.json"
        if not file.exists():
            if not page:
                page = min(running.asker.usage().page or PAGE, _LARGEST_PAGE)
            with _study(gaps, copy) as study:
                queries = plan(study, gaps, _asked(kept), page, number)
            if not queries:
                running.say("nothing is left to ask for")
                return
            with writing(kept.out):
                write_text(file, json.dumps(queries, indent=1) + "\n")
        pieces = read_pieces(file)
        if all(kept.state(p) == DONE for p in pieces):
            continue  # of an earlier call: the coverage before is that after it
        if not running.fetch(pieces):
            running.say("nothing was fetched")
            return
        _add(kept, copy)
        after = _say_coverage(gaps, running, copy, f"after round {number}")
        by_name = not any(f in json.dumps(p.request["query"]) for p in pieces for f in _RELATIONS)
        if after <= before and by_name:
            running.say("the round located nothing more: no further one is begun")
            return
        before = after


def _say_coverage(gaps: Gaps, running: Session, copy: Path, when: str) -> int:
    """Say how many citations are located, and return that number."""
    with _study(gaps, copy) as study:
        found = [(s, coverage(study, technology=gaps.technology, scope=s)) for s in gaps.scopes]
    words = {"citing": "made", "cited": "received"}
    said = [
        f"{now.located:,} of {now.citations:,} citations {words[scope]}"
        + ("" if now.share is None else f" ({now.share:.1%})")
        for scope, now in found
    ]
    running.say(f"located {when}: {'; '.join(said)}")
    return sum(now.located for _, now in found)


@contextmanager
def _study(gaps: Gaps, copy: Path) -> Iterator[Study]:
    """Make the corpus ready as it is now; nobody changes it meanwhile."""
    opened = open_corpus(copy)
    with reading(opened):
        yield analysis.prepare(opened, gaps.options)


def _asked(kept: Kept) -> dict[str, set[str]]:
    """Return what was named in the queries of earlier rounds, by field."""
    found: dict[str, set[str]] = {}
    for file in _files(kept):
        for piece in read_pieces(file):
            query = cast("dict[str, dict[str, list[str]]]", piece.request["query"])
            for field, values in query.get("terms", {}).items():
                found.setdefault(field, set()).update(values)
    return found


def _files(kept: Kept) -> Iterator[Path]:
    number = 1
    while (file := kept.out / f"round-{number}.json").exists():
        yield file
        number += 1


def _last(kept: Kept) -> int:
    return sum(1 for _ in _files(kept)) or 1


# --- the corpus and its copy -----------------------------------------------------------------


def _copied(opened: Corpus, folder: Path, kept: Kept) -> Path:
    """Return the copy of the corpus in the folder of the fetch, made anew where it is old."""
    inputs = sorted([str(i["ident"]), str(i["role"])] for i in opened.manifest["inputs"])
    before, copy = kept.told("corpus"), kept.out / "corpus"
    if isinstance(before, list) and _seeds(before) != _seeds(inputs):
        problem = "this folder holds a fetch for another corpus, or its seeds have changed"
        raise InputError(problem, file=kept.out, remedy="choose another --out")
    if before == inputs and (copy / "corpus.json").exists():
        return copy
    fresh = kept.out / ".corpus-new"
    with writing(kept.out), reading(opened):
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(folder, fresh, ignore=shutil.ignore_patterns(".*"))
        shutil.rmtree(copy, ignore_errors=True)
        fresh.replace(copy)
    kept.note(corpus=inputs)
    return copy


def _seeds(inputs: Sequence[Sequence[str]]) -> list[str]:
    return [ident for ident, role in inputs if role == "seed"]


def _add(kept: Kept, corpus: Path) -> None:
    """Add the pages that are there to a corpus, as context; those in it are not read again."""
    if any(kept.pages.glob("[!.]*/*.json")):
        ingest([kept.pages], corpus, role="context")


def _add_to_corpus(gaps: Gaps, running: Session) -> None:
    if gaps.add:
        _add(running.kept, gaps.corpus)
        running.say(f"added to {gaps.corpus} as context")
