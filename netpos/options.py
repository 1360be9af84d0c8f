"""The options of a run: their defaults, their checks, and ``run.toml``."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from netpos.declare import declared, option, refused
from netpos.errors import InputError

#: Options that name files; pages show the name without its folder.
FILES = (
    "technologies", "residences", "aliases", "memberships", "totals", "complexity", "focus_areas",
)  # fmt: skip
#: Options whose path pages show as a name; those beside `FILES` are too large to be kept.
PATHS = (*FILES, "papers")
#: The word of --complexity that stands for the subclasses of the export itself.
EXPORT = "export"
#: Years that a span or the date of the data may have: no patent is older, no export that new.
FIRST_YEAR, LAST_YEAR = 1700, 2100
Period = tuple[str, tuple[int, int]]


class Options(BaseModel):
    """What a run counts and how. Names are those of the command line with ``_`` for ``-``."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, populate_by_name=True)

    technologies: str | None = option(
        None,
        "Technology definitions, a TOML file; all: the whole export as one technology.",
        changes="every table",
        metavar="FILE|all",
        shown="the ten of the NTS",
    )
    focal: str = option(
        "NL",
        "Country in focus, ISO 3166 alpha-2, or EU27: the European Union as one country.",
        changes="every table",
        metavar="CODE",
    )
    by: Literal["applicant", "inventor"] = option(
        "applicant", "Whose residence comes first in the country rule.", changes="every table"
    )
    counting: Literal["fractional", "country-unique", "full"] = option(
        "fractional",
        "How a family with several countries or organisations is counted.",
        changes="every table",
    )
    scope: Literal["closed", "citing", "cited"] = option(
        "closed",
        "Which ends of a link must be in the technology.",
        changes="every number made of links, but for what rests on sources",
    )
    first: int = option(
        2015,
        "First year.",
        changes="every table",
        metavar="YEAR",
        alias="from",
        ge=FIRST_YEAR,
        le=LAST_YEAR,
    )
    last: int = option(
        2025,
        "Last year.",
        changes="every table",
        metavar="YEAR",
        alias="to",
        ge=FIRST_YEAR,
        le=LAST_YEAR,
    )
    periods: str | None = option(
        None,
        "Periods inside the span, as 2015-2020,2021-2025.",
        changes="every table with a column period; changes",
        metavar="PERIODS",
        shown="the halves of the span",
    )
    year_by: Literal["publication", "priority"] = option(
        "publication",
        "The year that puts a family into a period.",
        changes="every table but family_values and overlap",
    )
    window: int | None = option(
        None,
        "Count citations up to this age only, of cohorts with the whole window behind them.",
        changes="every number made of links",
        metavar="YEARS",
        shown="none",
        ge=0,
        le=50,
    )
    phase: Literal["all", "examiner", "applicant"] = option(
        "all", "Who made the citation.", changes="every number made of links"
    )
    category: Literal["all", "XY", "A"] = option(
        "all",
        "What the search report said of the citation; one mention must pass this and --phase.",
        changes="every number made of links",
    )
    self_citations: Literal["default", "keep", "drop"] = option(
        "default",
        "Links between families that share an organisation; default: dropped between "
        "organisations, kept between countries.",
        changes="every number made of links",
    )
    benchmark: str | None = option(
        None,
        "Ranks within a set: report-7.2, report-7.2.2, eu27 or codes.",
        changes="benchmark",
        metavar="SET",
        shown="none",
    )
    compare_with: str | None = option(
        None,
        "One to four countries beside the focal one, as US,DE, on a page of comparison.",
        changes="no table: comparison.html",
        metavar="CODES",
        shown="none",
    )
    symbols: Literal["both", "ipc"] = option(
        "both", "Which classification decides the technology.", changes="every table"
    )
    narrow: bool = option(False, "Use each technology's core patterns only.", changes="every table")
    citing_office: str = option(
        "all",
        "Count citations found by these offices only, as EP,WO.",
        changes="every number made of links",
        metavar="CODES",
    )
    utility_models: Literal["keep", "drop"] = option(
        "keep", "Families made of utility models only.", changes="every table"
    )
    design: Literal["world", "focal"] = option(
        "world",
        "focal: the corpus holds one country's families and their surroundings.",
        changes="every table; scores, trend, slopes, changes, indicators, differences, sensitivity "
        "and robustness are left out",
    )
    residences: str | None = option(
        None,
        "lens_id,country[,share], or office,number[,kind],country[,share][,family], for documents "
        "that state no residence, CSV or Parquet.",
        changes="every number of countries",
        metavar="FILE",
        shown="none",
    )
    office_proxy: bool = option(
        False,
        "Let the publishing office stand in for the country, said wherever it counts.",
        changes="every number of countries",
    )
    aliases: str | None = option(
        None,
        "alias,name: names of organisations that mean the same, CSV or Parquet.",
        changes="organisations; organisation_links; holders; every number made of links",
        metavar="FILE",
        shown="none",
    )
    memberships: str | None = option(
        None,
        "Years of membership of EU, OECD and NATO, a CSV file.",
        changes="countries: share_eu, share_oecd_nato, share_other, similarity, similarity_class, "
        "no_bloc; exposure; technologies: similarity; indicators; differences; scores; "
        "sensitivity; robustness",
        metavar="FILE",
        shown="those shipped",
    )
    merge_cn: bool = option(
        False, "Count Hong Kong and Macao with China.", changes="every number of countries"
    )
    core: Literal["rich", "borgatti-everett", "top-share", "k-core"] = option(
        "rich",
        "How the core cluster is found.",
        changes="countries: core, core_distance, near_core; technologies: core; indicators; "
        "sensitivity; robustness",
    )
    totals: str | None = option(
        None,
        "country,families[,year] of all patenting, CSV or Parquet: gives rca.",
        changes="countries: rca",
        metavar="FILE",
        shown="none",
    )
    complexity: str | None = option(
        None,
        "Complexity: a table technology,complexity; or country,subclass,families[,year] of all "
        "patenting to compute it from; or the word export: from this export's own subclasses.",
        changes="technologies: complexity, complexity_matrix, complexity_basis",
        metavar="FILE|export",
        shown="none",
    )
    complexity_sign: Literal["agreed", "diversity", "ubiquity"] = option(
        "agreed",
        "Rule for the sign of complexity; agreed: none is given where the two contradict.",
        changes="technologies: complexity, complexity_matrix, complexity_basis",
    )
    regions: str | None = option(
        None,
        "Keep the rows of a --complexity matrix of regions whose code begins so, as NL.",
        changes="technologies: complexity, complexity_matrix, complexity_basis",
        metavar="CODES",
        shown="all",
    )
    min_families: int = option(
        50,
        "Leave out regions with fewer families in the --complexity matrix; count such countries "
        "in the basis.",
        changes="technologies: complexity, complexity_matrix, complexity_basis",
        metavar="N",
        ge=0,
    )
    papers: str | None = option(
        None,
        "Works of OpenAlex or Lens, a file or a folder of files: whose papers the patents cite.",
        changes="science_links; science_linkage; science_link_coverage",
        metavar="WORKS",
        shown="none",
    )
    focus_areas: str | None = option(
        None,
        "Colour the figures of complexity by area: definitions, or technology,focus_area.",
        changes="no table: figures",
        metavar="definitions|FILE",
        shown="none",
    )
    draws: int = option(
        1000,
        "Draws for the intervals; 0: none.",
        changes="indicators; differences; countries; technologies: value_rank, value_rank_change; "
        "changes; robustness",
        metavar="N",
        ge=0,
        le=100_000,
    )
    rarefy: int = option(
        100,
        "Common number of citations at which effective sources are compared.",
        changes="countries: source_effective_rarefied",
        metavar="N",
        ge=1,
        le=1_000_000,
    )
    sensitivity: bool = option(
        True, "Count again in other ways.", changes="sensitivity; robustness"
    )
    excel_nl: bool = option(
        False, "Write tables once more as a Dutch Excel opens them.", changes="no table: excel-nl/"
    )
    figures: bool = option(
        True, "Draw the figures of the page.", changes="no table: figures/, index.html"
    )
    png: bool = option(
        False, "Write each figure as PNG beside its SVG.", changes="no table: figures/*.png"
    )
    tables_only: bool = option(
        False, "Write tables only: no page, maps, graph files, workbook.", changes="no table"
    )
    max_record: int | None = option(
        None,
        "Longest record read, in MiB; a higher one reads again what was rejected.",
        changes="ledger, and so every table",
        metavar="MIB",
        shown="64",
        ge=1,
    )
    data_date: str | None = option(
        None,
        "Date of the data, YYYY-MM-DD: the now of memberships and of truncation.",
        changes="trend; slopes; family_values; every number of value or of blocs",
        metavar="DATE",
        shown="the latest publication",
    )
    lang: Literal["en", "nl"] = option(
        "en", "Language of pages, maps and names of countries.", changes="countries: name"
    )
    seed: int = option(
        0,
        "Seed of draws and of the places in maps.",
        changes="indicators; differences; countries; technologies: value_rank, value_rank_change; "
        "changes; robustness",
        metavar="N",
    )

    @field_validator("*", mode="before")
    @classmethod
    def _is_text(cls, value: object) -> object:
        if isinstance(value, str):
            try:
                value.encode("utf-8")
            except UnicodeEncodeError as error:
                message = "letters that cannot be written down; set PYTHONUTF8=1 or LC_ALL=C.UTF-8"
                raise ValueError(message) from error
            if "\0" in value:
                message = "a NUL sign stands in it"
                raise ValueError(message)
        return value

    @field_validator("focal")
    @classmethod
    def _as_written(cls, value: str) -> str:
        return value.strip().upper()

    @field_validator("data_date")
    @classmethod
    def _is_date(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
                found = dt.date.fromisoformat(value)
                if FIRST_YEAR <= found.year <= LAST_YEAR:
                    return found.isoformat()
        except ValueError:  # no such day
            pass
        message = f"not a date from {FIRST_YEAR} to {LAST_YEAR}; write it as 2025-11-01"
        raise ValueError(message)

    @model_validator(mode="after")
    def _spans(self) -> Options:
        if self.first > self.last:
            message = f"--from {self.first} lies after --to {self.last}"
            raise ValueError(message)
        self.spans()
        return self

    @model_validator(mode="after")
    def _comparison(self) -> Options:
        if self.compare_with is None:
            return self
        if self.design == "focal":
            message = "--compare-with: --design focal holds one country's families; drop either"
            raise ValueError(message)
        for code in self.compared():
            if self.merge_cn and code in ("HK", "MO"):
                message = f"--compare-with {code}: counted with CN under --merge-cn; name CN"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _areas(self) -> Options:
        if self.focus_areas is not None and self.complexity is None:
            message = "--focus-areas: colours the figures of complexity; pass --complexity FILE too"
            raise ValueError(message)
        return self

    @model_validator(mode="wrap")  # round all others: the last
    @classmethod
    def _in_one_line(cls, values: object, build: Callable[[object], Options]) -> Options:
        try:
            return build(values)
        except ValidationError as error:
            raise refused(Options, error) from None

    @property
    def record_bytes(self) -> int:
        """Longest record read, in bytes."""
        return (self.max_record or 64) * 2**20

    def compared(self) -> list[str]:
        """Return countries of the comparison page, the one in focus first; without it none."""
        if self.compare_with is None:
            return []
        from netpos.countries.compared import parse_compared  # which reads tables

        return parse_compared(self.compare_with, self.focal)

    def spans(self) -> list[Period]:
        """Return periods by start, ``all`` last; without ``periods`` the two halves of the span."""
        return [
            *parse_periods(self._periods(), self.first, self.last),
            ("all", (self.first, self.last)),
        ]

    def _periods(self) -> str:
        if self.periods is not None:
            return self.periods
        if self.first == self.last:
            return ""
        middle = (self.first + self.last) // 2
        return f"{self.first}-{middle},{middle + 1}-{self.last}"


def parse_periods(text: str, first: int, last: int) -> list[Period]:
    """Read periods like ``2015-2020,2021-2025``; gaps are allowed, overlaps are not.

    Raises
    ------
    ValueError
        A period is malformed, reversed, overlaps another or lies outside the span.

    Examples
    --------
    >>> parse_periods("2021-2025, 2015-2020", 2015, 2025)
    [('2015-2020', (2015, 2020)), ('2021-2025', (2021, 2025))]
    """
    found: list[Period] = []
    for piece in filter(None, (p.strip() for p in text.split(","))):
        match = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", piece)
        if not match:
            message = f"period '{piece}' is not understood; write 2015-2020,2021-2025"
            raise ValueError(message)
        a, b = int(match[1]), int(match[2] or match[1])
        if a > b:
            message = f"period {piece} ends before it begins"
            raise ValueError(message)
        if a < first or b > last:
            message = f"period {piece} lies outside {first}-{last}; change --from or --to"
            raise ValueError(message)
        found.append((piece, (a, b)))
    found.sort(key=lambda p: p[1])
    for (one, (_, end)), (two, (start, _)) in pairwise(found):
        if start <= end:
            message = f"periods {one} and {two} overlap"
            raise ValueError(message)
    return found


def make(values: Mapping[str, object]) -> Options:
    """Check the values and build the options.

    Raises
    ------
    OptionError
        Names the option, its value, and what is allowed.

    Examples
    --------
    >>> make({"counting": "half"})
    Traceback (most recent call last):
    netpos.errors.OptionError: --counting half: unknown; choose fractional, country-unique or full
    """
    if not values:  # nothing to check, and the checks need not be built
        return Options.model_construct()
    return Options.model_validate(values)


def read_toml(path: Path) -> dict[str, object]:
    """Read ``run.toml``.

    Raises
    ------
    InputError
        The file is missing, is no TOML, or holds a key that is no option.
    """
    found = toml_of(path, remedy="check --config")
    known = declared(Options)
    for key in found:
        if key not in known:
            remedy = f"options are {', '.join(sorted(known))}"
            raise InputError(f"unknown key '{key}'", file=path, remedy=remedy)
    return found


def toml_of(path: Path, *, remedy: str) -> dict[str, Any]:
    """Read a TOML file of the user's, with or without byte order mark.

    Parameters
    ----------
    path, remedy
        The file, and what to do where there is none.

    Raises
    ------
    InputError
        It is missing, cannot be read, or is not TOML.
    """
    import tomllib  # few commands read a TOML file, and all load this module

    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError("no such file", file=path, remedy=remedy) from error
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise InputError(problem, file=path, remedy=remedy) from error
    except RecursionError as error:
        raise InputError("not a TOML file (nested too deeply)", file=path) from error
    except ValueError as error:  # also of bytes that are no text, and of years without a date
        raise InputError(f"not a TOML file ({error})", file=path) from error


def to_toml(options: Options) -> str:
    """Write the options as TOML, one a line, sorted; options without a value are left out."""
    lines = ["# Repeat this run with: netpos run EXPORT... --out DIR --config run.toml"]
    for key, value in sorted(options.model_dump(by_alias=True).items()):
        if value is None:
            continue
        # JSON writes these as TOML does, but leaves the DEL sign as it is
        shown = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        lines.append(f"{key} = {shown}")
    return "\n".join(lines) + "\n"
