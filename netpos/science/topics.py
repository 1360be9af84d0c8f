"""Which technologies a work belongs to: by its file, or by topics, fields, title."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netpos.errors import InputError, OptionError
from netpos.science.records import Record
from netpos.science.works import Chooser

_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")
_LISTS = ("topics", "fields_of_study", "terms", "exclude")


@dataclass(frozen=True)
class Topic:
    """What makes a work one of a technology.

    Parameters
    ----------
    id
        Of the technology.
    topics
        OpenAlex topics, as ``T10020``; a work belongs by its primary topic.
    fields_of_study
        Of Lens records, without regard to case.
    terms, exclude
        Words of the title, whole, without regard to case; ``*`` at the end stands for any ending.
        A work with an excluded word does not belong, whatever else it has.
    name, name_nl
        As pages call it; none: as shipped, else by its id.
    """

    id: str
    topics: frozenset[str]
    fields_of_study: frozenset[str]
    terms: re.Pattern[str] | None
    exclude: re.Pattern[str] | None
    name: str | None = None
    name_nl: str | None = None


def of_file(technology: str) -> Chooser:
    """Give every record of a file one technology."""
    return lambda _: (technology,)


def parse_technology(text: str) -> tuple[str, Path]:
    """Read ``quantum=works.jsonl``.

    Raises
    ------
    OptionError
        There is no id or no file.

    Examples
    --------
    >>> parse_technology("quantum=a/b.jsonl")[0]
    'quantum'
    """
    name, _, file = text.partition("=")
    if not _ID.fullmatch(name) or name == "all" or not file:
        remedy = "write ID=FILE, the id in small letters, not all"
        raise OptionError(f"--technology {text}: not understood", remedy=remedy)
    return name, Path(file)


def read_topics(path: Path) -> list[Topic]:
    """Read definitions: ``[[technology]]`` with ``id`` and lists of topics, fields, terms.

    Raises
    ------
    InputError
        The file cannot be read, or a key or value is not one of those.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as cause:
        raise InputError(f"cannot be read ({cause.strerror})", file=path) from cause
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as cause:
        raise InputError(f"not TOML ({cause})", file=path) from cause
    entries = content.get("technology")
    if not isinstance(entries, list) or not entries or set(content) != {"technology"}:
        remedy = "give [[technology]] with id and topics, fields_of_study or terms"
        raise InputError("no technologies of publications", file=path, remedy=remedy)
    found = [_topic(entry, path) for entry in entries]
    ids = [topic.id for topic in found]
    for name in ids:
        if ids.count(name) > 1:
            raise InputError(f"technology '{name}' occurs twice", file=path)
    return found


def _topic(entry: Any, path: Path) -> Topic:  # noqa: ANN401 - whatever the file holds
    name = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not _ID.fullmatch(name) or name == "all":
        raise InputError(f"a technology has the id {name!r}", file=path, remedy="use small letters")
    known = {"id", "name", "name_nl", *_LISTS}
    for key in set(entry) - known:
        remedy = f"use {', '.join(_LISTS)}"
        raise InputError(f"{name}: key '{key}' is not known", file=path, remedy=remedy)
    lists: dict[str, list[str]] = {}
    for key in _LISTS:
        values = entry.get(key, [])
        if not isinstance(values, list) or not all(isinstance(v, str) and v for v in values):
            raise InputError(f"{name}: {key} is no list of texts", file=path)
        lists[key] = values
    if not any(lists[key] for key in _LISTS[:3]):
        raise InputError(f"{name}: nothing says which works belong", file=path)
    return Topic(
        name,
        frozenset(lists["topics"]),
        frozenset(field.casefold() for field in lists["fields_of_study"]),
        _pattern(lists["terms"]),
        _pattern(lists["exclude"]),
        *(_name(entry, key, path) for key in ("name", "name_nl")),
    )


def _name(entry: dict[str, Any], key: str, path: Path) -> str | None:
    value = entry.get(key)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise InputError(
            f"{entry['id']}: {key} is no text", file=path, remedy="give a name or none"
        )
    return value


def _pattern(terms: Sequence[str]) -> re.Pattern[str] | None:
    if not terms:
        return None
    parts = (re.escape(t.rstrip("*")) + (r"\w*" if t.endswith("*") else "") for t in terms)
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE)


def chooser(topics: Sequence[Topic]) -> Chooser:
    """Tell the technologies of a record by their definitions.

    Examples
    --------
    >>> quantum = Topic("quantum", frozenset(), frozenset(), _pattern(["qubit*"]), None)
    >>> chooser([quantum])(Record(title="Two qubits")), chooser([quantum])(Record(title="Two"))
    (['quantum'], [])
    """

    def choose(record: Record) -> list[str]:
        primary = record.primary_topic.id if record.primary_topic else None
        topic = (primary or "").rsplit("/", 1)[-1]
        fields = {field.casefold() for field in record.fields_of_study or []}
        title = record.title or ""
        return [
            t.id
            for t in topics
            if (
                topic in t.topics
                or fields & t.fields_of_study
                or (t.terms and t.terms.search(title))
            )
            and not (t.exclude and t.exclude.search(title))
        ]

    return choose
