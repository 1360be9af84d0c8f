"""A whole run in one call from Python: what ``netpos run`` does, with the tables at hand."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import polars as pl

from netpos import countries
from netpos.analysis.shortcuts import year_span
from netpos.analysis.study import Span
from netpos.commands import run as pipeline
from netpos.commands.option_files import check_options
from netpos.errors import OptionError
from netpos.ingest.corpus import Corpus, ingest, open_corpus, reading
from netpos.options import Options, make
from netpos.progress import Report
from netpos.viz.meanings import definition


@dataclass(frozen=True, repr=False)
class Results(Mapping[str, pl.DataFrame]):
    """The tables of a run by name, what ``run.json`` says of it, and where its files are.

    ``results["countries"]`` and ``results.countries`` are the same Polars frame; ``.to_pandas()``
    turns it into one of pandas.

    Parameters
    ----------
    tables
        Name -> frame, as in ``tables/`` of the results.
    manifest
        The content of ``run.json``: inputs, counts, options, versions, warnings.
    out
        The folder of the results; None where nothing was written.
    files
        Name below the folder -> path of each file written.
    """

    tables: Mapping[str, pl.DataFrame]
    manifest: Mapping[str, Any]
    out: Path | None = None
    files: Mapping[str, Path] = field(default_factory=dict)

    def __getitem__(self, name: str) -> pl.DataFrame:
        """Return a table.

        Raises
        ------
        OptionError
            There is none of this name; the message suggests some.
        """
        if name in self.tables:
            return self.tables[name]
        near = difflib.get_close_matches(name, self.tables, n=3)
        remedy = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(self)}"
        raise OptionError(f"no table '{name}' in these results", remedy=remedy)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def __contains__(self, name: object) -> bool:
        return name in self.tables

    def __getattr__(self, name: str) -> pl.DataFrame:
        if name.startswith("_") or name not in self.tables:
            known = ", ".join(self.__dict__.get("tables", ()))
            message = f"these results have no table '{name}'; they have {known}"
            raise AttributeError(message)
        return self.tables[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.tables]

    @property
    def page(self) -> Path | None:
        """The page to open; None where none was written."""
        return self.files.get("index.html")

    @property
    def focal(self) -> str:
        """Code of the country in focus."""
        return str(self.manifest["options"]["focal"])

    @property
    def warnings(self) -> list[str]:
        """What must be known before the numbers are used."""
        return list(self.manifest["warnings"])

    def __repr__(self) -> str:
        """Say in one line what was run and what there is."""
        chosen = self.manifest["options"]
        made_up = ", synthetic data" if self.manifest.get("synthetic") else ""
        where = "in memory" if self.out is None else str(self.out)
        return (
            f"Results({self.focal}, {chosen['from']}-{chosen['to']}, {len(self)} tables, "
            f"{len(self.warnings)} warnings{made_up}, {where})"
        )

    def _repr_html_(self) -> str:
        """Show in a notebook the warnings and what the tables hold."""
        notes = "".join(f"<li>{escape(text)}</li>" for text in self.warnings)
        rows = "".join(
            f"<tr><td><code>{escape(name)}</code></td><td>{table.height:,}</td>"
            f"<td>{escape(definition(name) or '')}</td></tr>"
            for name, table in self.tables.items()
        )
        head = "<tr><th>table</th><th>rows</th><th>holds</th></tr>"
        return f"<p>{escape(repr(self))}</p><ul>{notes}</ul><table>{head}{rows}</table>"


def run(
    data: Corpus | Path | str | Iterable[Path | str],
    *,
    technologies: str | Path | None = None,
    focal: str = "NL",
    years: Span | int = (2015, 2025),
    out: Path | str | None = None,
    report: Report | None = None,
    **options: object,
) -> Results:
    """Do what ``netpos run`` does, and return its tables.

    Parameters
    ----------
    data
        Exports (a file, a folder, or several), the folder of a corpus, or a corpus from
        `netpos.read`.
    technologies
        File of definitions, or ``all``; default: the ten of the NTS.
    focal
        Country in focus, by code or name; ``EU27``: the European Union as one country.
    years
        First and last year, or one.
    out
        Where tables, maps and the page go, as the command writes them. Default: nothing is
        written.
    report
        Called with one line of progress at a time, such as ``print``.
    options
        Further options of the command by their names, with ``_`` for ``-``: ``draws=0``,
        ``counting="full"``.

    Returns
    -------
    Results

    Raises
    ------
    InputError, OptionError
        An export, a file or an option cannot be used; the message says what to do.

    Examples
    --------
    >>> import netpos
    >>> results = netpos.run(netpos.data_path("demo_synthetic_lens.jsonl.gz"), focal="Holland",
    ...                      draws=0, sensitivity=False)
    >>> results.focal, results.countries is results["countries"]
    ('NL', True)
    >>> results.countries.columns[:4]
    ['technology', 'period', 'country', 'name']
    """
    chosen = _options(technologies, focal, years, options)
    say = report or (lambda _: None)
    if out is not None:
        return _written(data, Path(out), chosen, say)
    check_options(chosen)
    opened = _corpus(data)
    if opened is not None:
        with reading(opened):
            return _results(pipeline.computed(opened, chosen, say))
    with TemporaryDirectory(prefix="netpos-") as folder:
        return _results(pipeline.computed(_ingested(data, Path(folder), chosen, say), chosen, say))


def _options(
    technologies: str | Path | None, focal: str, years: Span | int, more: Mapping[str, object]
) -> Options:
    first, last = year_span(years)
    given = {"focal": countries.focal_code(focal), "from": first, "to": last}
    if technologies is not None:
        given["technologies"] = str(technologies)
    paths = {k: str(v) if isinstance(v, Path) else v for k, v in more.items()}
    return make(given | paths)


def _several(data: Any) -> list[Path | str]:  # noqa: ANN401 - what a user gives: checked here
    if isinstance(data, str | Path):
        return [data]
    found = list(data) if isinstance(data, Iterable) else [data]
    for one in found:
        if not isinstance(one, str | Path):
            problem = f"data of type {type(one).__name__}, neither exports nor a corpus"
            raise OptionError(problem, remedy="name files or folders, or give netpos.read(...)")
    return found


def _corpus(data: Any) -> Corpus | None:  # noqa: ANN401 - checked by `_several`
    """Return the corpus that is meant, None where exports are."""
    if isinstance(data, Corpus):
        return data
    several = _several(data)
    if len(several) == 1 and (Path(several[0]) / "corpus.json").is_file():
        return open_corpus(Path(several[0]))
    return None


def _ingested(
    data: Any,  # noqa: ANN401 - paths, a corpus or its folder; checked by `_several`
    folder: Path,
    options: Options,
    say: Report,
) -> Corpus:
    return ingest(
        _several(data),
        folder,
        max_record=options.record_bytes,
        report=say,
        nonpatent=options.papers is not None,
        selection=pipeline.selection_of(options.technologies),
    )


def _written(
    data: Any,  # noqa: ANN401 - paths, a corpus or its folder; checked by `_several`
    out: Path,
    options: Options,
    say: Report,
) -> Results:
    """Write everything, as the command does, and return the tables that were written."""
    opened = _corpus(data)
    made: list[pipeline.Computed] = []
    if opened is None:
        pipeline.run(_several(data), out, options, report=say, keep=made.append)
    else:
        pipeline.analyse(opened, out, options, report=say, keep=made.append)
    return _results(made[0], out)


def _results(made: pipeline.Computed, out: Path | None = None) -> Results:
    texts = pl.selectors.enum().cast(pl.String)
    tables = {name: table.with_columns(texts) for name, table in made.tables.items()}
    manifest = dict(made.manifest)
    names: Any = manifest.setdefault("outputs", [])
    files = {} if out is None else {name: out / name for name in names}
    return Results(MappingProxyType(tables), manifest, out, files)
