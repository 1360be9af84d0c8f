"""The options of a run: their defaults, their checks, and ``run.toml``."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from netpos import countries
from netpos.errors import InputError, OptionError

#: Options that name files; pages show the name without its folder.
FILES = (
    "technologies", "residences", "aliases", "memberships", "totals", "complexity", "focus_areas",
)  # fmt: skip
#: The word of --complexity that stands for the subclasses of the export itself.
EXPORT = "export"
#: Countries on the comparison page, the one in focus included.
MOST_COMPARED = 5
Period = tuple[str, tuple[int, int]]


class Options(BaseModel):
    """What a run counts and how. Names are those of the command line with ``_`` for ``-``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    technologies: str | None = Field(None, description="technology definitions (TOML)")
    focal: str = Field("NL", description="country in focus, ISO 3166 alpha-2")
    by: Literal["applicant", "inventor"] = "applicant"
    counting: Literal["fractional", "country-unique", "full"] = "fractional"
    scope: Literal["closed", "citing", "cited"] = "closed"
    first: int = Field(2015, alias="from", description="first year")
    last: int = Field(2025, alias="to", description="last year")
    periods: str | None = Field(None, description="comma separated, inside the span")
    year_by: Literal["publication", "priority"] = "publication"
    window: int | None = Field(None, ge=0, le=50)
    phase: Literal["all", "examiner", "applicant"] = "all"
    category: Literal["all", "XY", "A"] = "all"
    self_citations: Literal["default", "keep", "drop"] = "default"
    benchmark: str | None = None
    compare_with: str | None = Field(None, description="countries of comparison.html, as US,DE")
    symbols: Literal["both", "ipc"] = "both"
    narrow: bool = Field(default=False, description="use each technology's core patterns")
    citing_office: str = "all"
    utility_models: Literal["keep", "drop"] = "keep"
    design: Literal["world", "focal"] = "world"
    residences: str | None = None
    office_proxy: bool = False
    aliases: str | None = None
    memberships: str | None = None
    merge_cn: bool = False
    core: Literal["rich", "borgatti-everett", "top-share", "k-core"] = "rich"
    totals: str | None = None
    complexity: str | None = None
    complexity_sign: Literal["agreed", "diversity", "ubiquity"] = Field(
        "agreed", description="rule for the sign of complexity; agreed: none where two contradict"
    )
    regions: str | None = Field(None, description="keep regions of --complexity that begin so")
    min_families: int = Field(50, ge=0, description="least families of a region of --complexity")
    focus_areas: str | None = Field(None, description="definitions, or technology,focus_area")
    draws: int = Field(1000, ge=0, le=100_000)
    sensitivity: bool = True
    excel_nl: bool = Field(default=False, description="CSV as a Dutch Excel opens it, beside")
    figures: bool = Field(default=True, description="draw the figures of the page")
    tables_only: bool = Field(default=False, description="no maps, page, graph files, workbook")
    max_record: int | None = Field(None, ge=1, description="longest record read, MiB [64]")
    data_date: str | None = None
    lang: Literal["en", "nl"] = "en"
    seed: int = 0

    @field_validator("data_date")
    @classmethod
    def _is_date(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
                return dt.date.fromisoformat(value).isoformat()
        except ValueError:  # no such day
            pass
        message = f"'{value}' is not a date; write it as 2025-11-01"
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

    def compared(self) -> list[str]:
        """Countries of the comparison page, the one in focus first; empty without the option."""
        return [] if self.compare_with is None else parse_compared(self.compare_with, self.focal)

    def spans(self) -> list[Period]:
        """Periods by start, ``all`` last; without ``periods`` the two halves of the span."""
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


def parse_compared(text: str, focal: str) -> list[str]:
    """Read the countries to set beside the one in focus, as ``US,DE``.

    Parameters
    ----------
    text
        One to four codes of countries, commas or blanks between.
    focal
        The country in focus; not one of them.

    Returns
    -------
    list
        Two to five codes, ``focal`` first, the others as given.

    Raises
    ------
    ValueError
        A code is no country or stands there twice, there is none, or there are more than four.

    Examples
    --------
    >>> parse_compared("us, DE KR", "NL")
    ['NL', 'US', 'DE', 'KR']
    """
    with suppress(OptionError):  # a wrong focal country is reported as such, not here
        focal = countries.check_focal(focal)
    found = [focal]
    for given in text.replace(",", " ").split():
        try:
            code = countries.check_focal(given)
        except OptionError as error:
            message = str(error).replace("--focal", "--compare-with", 1)
            raise ValueError(message) from error
        if code in found:
            why = "the country in focus already" if code == focal else "named twice"
            message = f"--compare-with {text}: {code} is {why}; name each country once"
            raise ValueError(message)
        found.append(code)
    if len(found) == 1:
        message = f"--compare-with '{text}': name one to four countries besides {focal}"
        raise ValueError(message)
    if len(found) > MOST_COMPARED:
        message = f"--compare-with {text}: {len(found) - 1} countries besides {focal}; four at most"
        raise ValueError(message)
    return found


def make(values: dict[str, object]) -> Options:
    """Check the values and build the options.

    Raises
    ------
    OptionError
        Names the option, its value, and what is allowed.
    """
    try:
        return Options.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = "--" + str(first["loc"][0]).replace("_", "-") if first["loc"] else ""
        message = str(first["msg"]).removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            raise OptionError(f"unknown option '{first['loc'][0]}'") from error
        value = "" if not name else f" {first['input']}"
        raise OptionError(f"{name}{value}: {message}" if name else message) from error


def read_toml(path: Path) -> dict[str, object]:
    """Read ``run.toml``.

    Raises
    ------
    InputError
        The file is missing, is no TOML, or holds a key that is no option.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problem = "no such configuration file"
        raise InputError(problem, file=path, remedy="check --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"not valid TOML: {error}", file=path) from error
    known = {f.alias or name for name, f in Options.model_fields.items()}
    for key in found:
        if key not in known:
            remedy = f"options are {', '.join(sorted(known))}"
            raise InputError(f"unknown key '{key}'", file=path, remedy=remedy)
    return found


def to_toml(options: Options) -> str:
    """Write the options as TOML, one a line, sorted; options without a value are left out."""
    lines = ["# Repeat this run with: netpos run EXPORT... --out DIR --config run.toml"]
    for key, value in sorted(options.model_dump(by_alias=True).items()):
        if value is None:
            continue
        if isinstance(value, bool):
            shown = "true" if value else "false"
        elif isinstance(value, int):
            shown = str(value)
        else:
            escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
            shown = f'"{escaped}"'
        lines.append(f"{key} = {shown}")
    return "\n".join(lines) + "\n"
