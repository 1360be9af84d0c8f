"""The files that options name: checked before an export is read, kept with the results."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from netpos import countries
from netpos.analysis.chosen import WHOLE, office_bits, technologies_of
from netpos.analysis.complexity import check_complexity
from netpos.analysis.focus_areas import DEFINITIONS, focus_areas
from netpos.commands.papers import check_works
from netpos.commands.results_folder import KeptFile
from netpos.countries import data_path
from netpos.errors import InputError, OptionError
from netpos.files import check_name, check_same, fingerprint
from netpos.ingest.user_tables import read_aliases, read_residences, read_totals
from netpos.options import EXPORT, FILES, Options
from netpos.outputs import Outputs
from netpos.viz.charts.technologies import AREA_COLOURS

#: Folder of the results in which they are kept.
FOLDER = "options"
#: Values of options that name no file.
_WORDS = {"technologies": WHOLE, "complexity": EXPORT, "focus_areas": DEFINITIONS}
#: Bytes copied at a time.
_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class OptionFile:
    """A file that an option names, and what it is before the run reads it."""

    path: Path
    state: os.stat_result
    sha256: str


def check_options(options: Options) -> dict[str, OptionFile]:
    """Read every file that the options name, and look at the options that need a table to check.

    Returns
    -------
    dict
        Name of the option -> file; of ``technologies`` the bundled definitions where none are
        given, nothing for ``all``.

    Raises
    ------
    InputError, OptionError
        A file or an option cannot be used.
    """
    countries.check_focal(options.focal, unions=True)
    countries.benchmark_codes(options.benchmark or "", options.focal)
    office_bits(options.citing_office)
    found = {}
    for name, path in _named(options).items():
        check_name(path)
        if not path.is_file():
            kind = "is a folder" if path.is_dir() else "no such file"
            raise InputError(kind, file=path, remedy=f"check --{name.replace('_', '-')}")
        found[name] = OptionFile(path, *fingerprint(path, str(path)))
    technologies = technologies_of(options.technologies)
    if options.technologies == WHOLE and (options.narrow or options.symbols != "both"):
        problem = "--technologies all takes every family, whatever its symbols"
        raise OptionError(problem, remedy="drop --narrow and --symbols")
    if options.residences:
        read_residences(Path(options.residences))
    if options.aliases:
        read_aliases(Path(options.aliases))
    if options.memberships:
        countries.memberships(Path(options.memberships))
    if options.totals:
        read_totals(Path(options.totals))
    if options.papers:
        check_works(options.papers)
    check_complexity(options)
    focus_areas(options.focus_areas, technologies, colours=len(AREA_COLOURS))
    return found


def keep_files(files: Mapping[str, OptionFile], written: Outputs) -> dict[str, dict[str, str]]:
    """Copy the files into ``options/`` of the results; what ``run.json`` says of them.

    Raises
    ------
    InputError
        A file has changed since it was checked.
    """
    about = {}
    for name, file in files.items():
        kept = f"{FOLDER}/{name}{_ending(file.path)}"
        written.chunks(kept, _bytes(file))
        about[name] = {"sha256": file.sha256, "kept": kept}
    return about


def found_again(
    folder: Path, options: Mapping[str, object], kept: Mapping[str, KeptFile]
) -> dict[str, object]:
    """Return options whose files are those kept with the results.

    Parameters
    ----------
    folder
        The results.
    options
        As ``run.json`` has them.
    kept
        What ``run.json`` says of the files.

    Raises
    ------
    InputError
        A file that an option names is there and is not the one that the run read, or one that was
        kept is gone or changed.
    """
    found = dict(options)
    for name, about in kept.items():
        given = options.get(name)
        if isinstance(given, str) and Path(given).is_file():
            now = fingerprint(Path(given), given)[1]
            if now != about.sha256:
                problem = "this file is not what it was when the results were made"
                raise InputError(problem, file=given, remedy="run again")
        copy = folder / about.kept
        if not copy.is_file() or fingerprint(copy, str(copy))[1] != about.sha256:
            problem = "the results lack this file as it was, or it was changed"
            raise InputError(problem, file=copy, remedy="run again")
        found[name] = str(copy)
    return found


def _named(options: Options) -> dict[str, Path]:
    """Option -> file, of those that name one; the bundled definitions where none are given."""
    values = {name: getattr(options, name) for name in FILES}
    found = {n: Path(v) for n, v in values.items() if v is not None and v != _WORDS.get(n)}
    if options.technologies is None:
        found = {"technologies": data_path("nts_technologies.toml")} | found
    return found


def _ending(path: Path) -> str:
    """Return the ending by which readers know the form; the tables need none, ``.gz`` included."""
    return "".join(s for s in path.suffixes[-2:] if s.isascii() and s[1:].isalnum())


def _bytes(file: OptionFile) -> Iterator[bytes]:
    """Return the file in chunks; raises at the end if it is not the one that was checked."""
    digest = hashlib.sha256()
    with file.path.open("rb") as opened:
        while chunk := opened.read(_AT_ONCE):
            digest.update(chunk)
            yield chunk
    check_same(file.path, str(file.path), file.state)
    if digest.hexdigest() != file.sha256:
        problem, remedy = "the file changed while it was read", "run again when it is complete"
        raise InputError(problem, file=file.path, remedy=remedy)
