"""A statement, and the sentence in which it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from markupsafe import Markup, escape

from netpos.viz.numbers import cell
from netpos.viz.words import in_sentence, joined, words

Row = Mapping[str, Any]
Level = Literal["sure", "open", "export"]


@dataclass(frozen=True)
class Statement:
    """One statement.

    Parameters
    ----------
    key
        Which words; see ``report_words.toml``.
    level
        ``sure``, ``open`` (not distinguishable) or ``export`` (bare fact, no interval).
    codes
        Field -> country codes or texts in it; ``firm``: an organisation on which it rests.
    numbers
        Field -> table, row, column and form of the number in it.
    """

    key: str
    level: Level
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    numbers: Mapping[str, tuple[str, Row, str, str]] = field(default_factory=dict)

    @property
    def change(self) -> bool:
        """Whether it is about a change, which is held to its own interval alone."""
        return self.key.startswith("change_")

    @property
    def bare(self) -> bool:
        """Whether it is a fact of the export, checked by nothing."""
        return self.level == "export" or self.key in ("organisation", "own")


def sentence(statement: Statement, lang: str) -> Markup:
    """Write a statement out, with the cells of its numbers named.

    Parameters
    ----------
    statement
        From `statements`.
    lang
        ``en`` or ``nl``.
    """
    said = words(lang)
    fields: dict[str, Markup] = {}
    for name, codes in statement.codes.items():
        fields[name] = escape(joined([in_sentence(code, lang) for code in codes], lang))
    for name, (table, row, column, form) in statement.numbers.items():
        fields[name] = cell(table, row, column, form, lang)
    if "more" in statement.codes:
        listed = [in_sentence(code, lang) for code in statement.codes["names"]]
        others = said["others"].format(number=statement.codes["more"][0])
        fields["names"] = escape(joined([*listed, others], lang))
    if "bloc" in statement.codes:
        fields["bloc"] = escape(said[f"bloc_said_{statement.codes['bloc'][0]}"])
    ending = "_open" if statement.level == "open" else ""
    key = f"say_{statement.key}{ending}"
    text = Markup(said[key]).format(**fields)
    if "distance" in fields:
        text += Markup(" ") + Markup(said["say_distance"]).format(**fields)
    if "why" in statement.codes:
        why = said[f"reason_{statement.codes['why'][0]}"]
        text += Markup(" ") + Markup(said["say_why"]).format(why=why)
    if "firm" in fields and not ending:
        text += Markup(" ") + Markup(said["say_without"]).format(firm=fields["firm"])
    return text
