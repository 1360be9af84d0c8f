"""Which families and which citations the options of a run choose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis.technologies import Technology, family_technologies, load_technologies
from netpos.errors import OptionError
from netpos.graph import links as graph_links
from netpos.graph.links import Citations, Mask, Shares, gathered
from netpos.ingest.corpus import Corpus, reading
from netpos.ingest.office_bits import OFFICE_BITS
from netpos.options import Options

_KEPT, _KEEPING = 2, Lock()  # masks kept, by whatever thread
#: Rows read, or pairs looked at, at a time: as many as a corpus writes at a time.
_AT_ONCE = 1 << 20
#: Families and documents outside up to which technologies are found beside other work.
_MOST_BESIDE = 4_000_000

#: The union of the listed technologies, each family once.
UNION = "all"

#: The word of --technologies that takes all families of the exports as one technology, and its id;
#: no definition file may use it.
WHOLE = "all"


#: The options that decide which pairs count, when all do.
NO_FILTERS: Mapping[str, object] = {
    "phase": "all",
    "category": "all",
    "citing_office": "all",
    "window": None,
}


class PinnedCorpus(Corpus):
    """A corpus that refuses to be read once its files on disk have changed."""

    def table(self, name: str) -> pl.DataFrame:
        """Read a whole table.

        Raises
        ------
        InputError
            Another run is changing the corpus, or has changed it since it was opened.
        """
        if name in self.tables:
            return self.tables[name]
        with reading(self):
            return super().table(name)

    def scan(self, name: str) -> pl.LazyFrame:
        """Read a table lazily; raises as `table` does."""
        if name in self.tables:
            return self.tables[name].lazy()
        with reading(self):
            return super().scan(name)


def technologies_of(given: str | None) -> tuple[Technology, ...]:
    """Return the technologies of ``--technologies``: a file, the shipped ones, or the whole export.

    Parameters
    ----------
    given
        As the option has it: a path, ``all``, or None. A file named ``all`` is ``./all``.

    Raises
    ------
    InputError
        See `load_technologies`.

    Examples
    --------
    >>> [(t.id, t.name_en) for t in technologies_of("all")]
    [('all', 'All patents of the exports')]
    """
    if given == WHOLE:
        return (Technology(WHOLE, "All patents of the exports", "Alle patenten van de exports"),)
    return load_technologies(Path(given) if given else None)


class Marks(Mapping[str, Mask]):
    """Which rows are of each technology, by bits and of families only: outside, none are.

    Asked for, a mask is as long as there are rows; it is not to be changed.

    Examples
    --------
    >>> marks = Marks({"x": np.array([True, False])}, 3)
    >>> marks["x"].tolist(), list(marks)
    ([True, False, False], ['x'])
    """

    def __init__(self, families: Mapping[str, Mask], rows: int) -> None:
        self._bits = {name: np.packbits(mask) for name, mask in families.items()}
        self._families = max((mask.size for mask in families.values()), default=0)
        self._rows = rows
        self._last: dict[str, Mask] = {}

    def __getitem__(self, technology: str) -> Mask:
        """Return the mask of a technology; the last two are kept."""
        if (found := self._last.get(technology)) is not None:
            return found
        found = np.zeros(self._rows, dtype=bool)
        found[: self._families] = self.families(technology)
        found.flags.writeable = False
        with _KEEPING:
            while len(self._last) >= _KEPT:
                self._last.pop(next(iter(self._last)))
            self._last[technology] = found
        return found

    def __iter__(self) -> Iterator[str]:
        """Name the technologies."""
        return iter(self._bits)

    def __len__(self) -> int:
        """Count the technologies."""
        return len(self._bits)

    def families(self, technology: str) -> Mask:
        """Return the mask of a technology, no longer than there are families."""
        return np.unpackbits(self._bits[technology], count=self._families).view(np.bool_)

    def size(self, technology: str) -> int:
        """Count the families of a technology."""
        return int(np.bitwise_count(self._bits[technology]).sum())

    def within(self, usable: Mask) -> Marks:
        """Return those of the families that are usable."""
        n = self._families
        bits = np.packbits(usable[:n])
        found = Marks({}, self._rows)
        found._families, found._bits = n, {name: mine & bits for name, mine in self._bits.items()}
        return found

    def same(self, other: Marks) -> bool:
        """Tell whether the same rows are marked."""
        return self._bits.keys() == other._bits.keys() and all(
            np.array_equal(bits, other._bits[name]) for name, bits in self._bits.items()
        )


def members(
    corpus: Corpus, options: Options, technologies: tuple[Technology, ...], rows: int
) -> tuple[Marks, Marks]:
    """Return seed families of each technology, and families that can be an end of its links.

    Parameters
    ----------
    corpus, options
        See `prepare`; of the options ``narrow, symbols, utility_models, design`` are looked at.
    technologies
        Their definitions; that of ``--technologies all`` has every family.
    rows
        Families and documents outside: how long masks are.
    """
    roles = corpus.columns("families", "role")["role"]
    n = roles.len()
    usable = np.ones(n, dtype=bool)
    if options.utility_models == "drop":
        usable = without_utility_models(corpus)
    seed = (roles == "seed").to_numpy() & usable
    names = [technology.id for technology in technologies]
    ends = {name: np.zeros(n, dtype=bool) for name in [*names, UNION]}
    # a symbol belongs to a technology or not, whatever the others are
    for chunk in chunks(corpus, "classifications", "family", "scheme", "symbol"):
        found = family_technologies(
            chunk,
            technologies,
            narrow=options.narrow,
            symbols_from=options.symbols,
        )
        for (name,), part in found.group_by("technology"):
            ends[str(name)][part["family"].to_numpy()] = True
    if UNION in names:  # --technologies all: with or without a symbol
        ends[UNION][:] = True
    for name in names:
        ends[name] &= usable
        ends[UNION] |= ends[name]
    every = Marks(ends, rows)
    own = every.within(seed)
    return own, every if options.design == "focal" and not own.same(every) else own


@contextmanager
def members_begun(
    corpus: Corpus, options: Options, technologies: tuple[Technology, ...], rows: int
) -> Iterator[Callable[[], tuple[Marks, Marks]]]:
    """Begin `members` beside the block, and yield what waits for them.

    Of many rows they are found when they are waited for: a run that is stopped ends at once.
    """
    if rows > _MOST_BESIDE:
        yield lambda: members(corpus, options, technologies, rows)
        return
    with ThreadPoolExecutor(1) as beside:
        yield beside.submit(members, corpus, options, technologies, rows).result


def without_utility_models(corpus: Corpus) -> Mask:
    """Tell which families are not of utility models only."""
    utility = corpus.columns("families", "utility")["utility"]
    return np.asarray((~utility.fill_null(value=False)).to_numpy())


def counted_pairs(
    corpus: Corpus,
    options: Options,
    published: NDArray[np.float64],
    data_date: dt.date,
    organisations: Callable[[], Shares] | None = None,
) -> Citations:
    """Return pairs of families that pass the filters of the options.

    With a window only links within so many years count, and only those to cohorts that have the
    whole window behind them.

    Parameters
    ----------
    corpus, options
        See `prepare`; of the options those of `NO_FILTERS` are looked at.
    published
        Year of publication of each row, NaN where unknown.
    data_date
        Latest publication in the data.
    organisations
        See `netpos.graph.links.citations`.

    Raises
    ------
    OptionError
        A filter is unknown.
    """
    pairs = graph_links.citations(
        corpus.scan("citations"),
        corpus.scan("families").select(pl.len()).collect().item(),
        organisations=organisations,
        phase=options.phase,
        category=options.category,
        office_bits=office_bits(options.citing_office),
    )
    if options.window is None:
        return pairs
    return pairs.kept(in_window(pairs, options.window, published, data_date))


def in_window(
    pairs: Citations, window: int, published: NDArray[np.float64], data_date: dt.date
) -> Mask:
    """Tell which pairs link within so many years, of cohorts with the whole window behind them."""
    found = np.empty(len(pairs), dtype=bool)
    for start in range(0, len(pairs), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        of_cited = gathered(published, pairs.cited[part])
        age = gathered(published, pairs.citing[part]) - of_cited
        full = of_cited + window <= data_date.year - 1
        found[part] = (age >= 0) & (age <= window) & full
    return found


def chunks(corpus: Corpus, name: str, *columns: str) -> Iterator[pl.DataFrame]:
    """Yield the rows of a table in their order, some at a time, of some columns."""
    table = corpus.scan(name).select(columns)
    for start in range(0, int(table.select(pl.len()).collect().item()), _AT_ONCE):
        yield table.slice(start, _AT_ONCE).collect()


def whole_families(corpus: Corpus, name: str, *columns: str) -> Iterator[pl.DataFrame]:
    """Yield the rows of a table sorted by family as `chunks` does, but all of a family together.

    Rows of no family are left out; a table without others is one chunk of none.
    """
    left = corpus.scan(name).select("family", *columns).head(0).collect()
    for chunk in chunks(corpus, name, "family", *columns):
        both = pl.concat([left, chunk.drop_nulls("family")])
        at = both.height
        if at:
            at = int(both["family"].search_sorted(both["family"][-1], side="left"))
        left = both.slice(at)
        if at:
            yield both.head(at)
    yield left


def office_bits(text: str) -> int | None:
    """Return the bits of ``citations.office_mask`` for ``--citing-office``; None for all.

    Raises
    ------
    OptionError
        A code is no patent office.
    """
    if text == "all":
        return None
    codes = [c.strip().upper() for c in text.split(",") if c.strip()]
    unknown = [c for c in codes if c not in OFFICE_BITS]
    if unknown or not codes:
        remedy = "write codes of patent offices, as EP,WO, or all"
        raise OptionError(f"--citing-office {text}: unknown office", remedy=remedy)
    return sum(1 << OFFICE_BITS[c] for c in set(codes))
