"""Applicants: persons told from organisations, the user's aliases, and names that may be one.

The spelling rules are in `netpos.ingest.names`; `suggest` proposes, and only the alias file joins.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import numpy as np
import polars as pl

from netpos.countries.codes import data_path, read_text_table
from netpos.errors import TableError
from netpos.ingest.names import (
    capitals,
    explain_merge,
    normal,
    normalise_name,
    split_words,
    without_legal_forms,
)
from netpos.tables import require

__all__ = ["apply_aliases", "classify", "explain_merge", "normalise_name", "suggest"]

_TITLES = frozenset(
    {"DR", "PROF", "DIPL", "ING", "DIPLING", "MR", "MRS", "MS", "JR", "PHD", "MAG", "MD", "ESQ"}
)
_DIGIT = re.compile(r"\d")
_BLOCK = 1500  # names compared with each other at most in one block
_SCHEMA = {"a": pl.String, "b": pl.String, "score": pl.Float64, "evidence": pl.String}


# --- persons ------------------------------------------------------------------------------------


@cache
def _signs() -> frozenset[str]:
    """Words that stand in names of organisations and not of persons."""
    columns = ("word", "short", "organisation")
    table = read_text_table(data_path("name_words.csv"), columns)
    return frozenset(table.filter(organisation="y")["word"].to_list())


def _organisation_sign(name: str) -> tuple[str | None, bool]:
    """Tell what in a name tells an organisation, and whether it is beyond doubt."""
    words, signs = split_words(capitals(name)), _signs()
    for word in words:
        if word in signs:
            return f"the word {word}", True
        if word == "&":
            return "the sign &", True
    left = without_legal_forms(words)
    if len(left) < len(words):
        form = " ".join(words[len(left) :] if words[: len(left)] == left else words[: -len(left)])
        return f"the legal form {form}", len(form.replace(" ", "")) > 2
    return None, False


def _person_shape(name: str) -> str | None:
    """Tell what in the form of a name tells a person; only signs that organisations do not have."""
    if _DIGIT.search(name):
        return None
    head, mark, tail = name.partition(";")
    if mark and head.strip() and 0 < len(tail.split()) <= 3 and ";" not in tail:
        return "written NAME; FIRST NAME"
    words = [w for w in re.split(r"[\s.,]+", capitals(name)) if w]
    if not 2 <= len(words) <= 6:
        return None
    if words[-1] in _TITLES or words[0] in _TITLES:
        return "a title"
    plain = all(w.replace("-", "").replace("'", "").isalpha() for w in words)
    single = [len(w) == 1 for w in words]
    if plain and len(words) in (3, 4) and single[-1] and sum(single) == 1 and words[-1].isascii():
        return "a middle initial at the end"
    return None


def classify(parties: pl.DataFrame) -> pl.DataFrame:
    """Tell persons from organisations among the applicants.

    A word or legal form of organisations decides against a person (a legal form of one or two
    letters only where the name is no inventor of the same document: SE is also a Korean name).
    Then a person is who is inventor of the same document, or of another one (names of two words
    or more), or whose name is written as only persons' are: ``KRESS; ROBERT W``, ``MUELLER HANS
    DR``, ``SMITH JOHN A``. Everything else counts as an organisation.

    Parameters
    ----------
    parties
        One row per party: ``doc`` (any type, the document), ``role`` String (applicant or
        inventor), ``name`` String as filed; null names are passed over.

    Returns
    -------
    pl.DataFrame
        ``name``, ``person`` Boolean, ``reason`` String: one row per applicant name, sorted.

    Raises
    ------
    TableError
        A column is missing or has another type.

    Examples
    --------
    >>> parties = pl.DataFrame({"doc": [1, 1, 1], "role": ["applicant", "applicant", "inventor"],
    ...                         "name": ["ACME BV", "JANSEN JAN", "JANSEN JAN"]})
    >>> classify(parties)["person"].to_list()
    [False, True]
    """
    require(parties, {"role": pl.String, "name": pl.String}, name="parties")
    if "doc" not in parties.columns:
        there = ", ".join(parties.columns)
        message = f"table 'parties': column 'doc' is missing; it has: {there}"
        raise TableError(message)
    named = (
        parties.lazy()
        .drop_nulls("name")
        .select("doc", "role", "name", key=pl.col("name").str.strip_chars().str.to_uppercase())
    )
    applicants = named.filter(pl.col("role") == "applicant").drop("role").unique().collect()
    inventors = (
        named.filter(pl.col("role") == "inventor")
        .join(applicants.lazy().select("key").unique(), on="key", how="semi")
        .select("doc", "key")
        .unique()
        .collect()
    )
    here = applicants.join(inventors, on=["doc", "key"], how="semi")["name"].unique()
    elsewhere = applicants.join(inventors.select("key").unique(), on="key", how="semi")[
        "name"
    ].unique()
    names = applicants["name"].unique().sort()
    same, other = set(here.to_list()), set(elsewhere.to_list())
    found = [(n, *_verdict(n, same=n in same, other=n in other)) for n in names.to_list()]
    schema = {"name": pl.String, "person": pl.Boolean, "reason": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row")


def judged(names: pl.Series, same: Iterable[bool], other: Iterable[bool]) -> list[bool]:
    """Tell of names whether they are persons', as `classify` does.

    Parameters
    ----------
    names
        Of applicants.
    same, other
        Whether each is the name of an inventor of the same document, of any document.
    """
    rows = zip(names.to_list(), same, other, strict=True)
    return [_verdict(name, same=bool(s), other=bool(o))[0] for name, s, o in rows]


def _verdict(name: str, *, same: bool, other: bool) -> tuple[bool, str]:
    sign, certain = _organisation_sign(name)
    if sign is not None and (certain or not same):
        return False, sign
    if same:
        return True, "inventor of the same document"
    if other and len(name.split()) > 1:
        return True, "inventor of another document"
    shape = _person_shape(name)
    return (True, shape) if shape else (False, "no sign of a person")


# --- aliases ------------------------------------------------------------------------------------


def apply_aliases(names: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """Replace normal spellings by those the user prefers.

    An alias that is exactly a name as filed wins over one that only has the same normal spelling,
    so a user can also take apart what the rules have joined. Aliases of aliases are followed.

    Parameters
    ----------
    names
        ``name`` as filed and ``clean``, the normal spelling, as `normalise_name` returns them.
    aliases
        ``name``, in any spelling, and ``organisation``, what to call it; both String.

    Returns
    -------
    pl.DataFrame
        ``names`` with ``clean`` replaced, rows in the same order.

    Raises
    ------
    TableError
        A column is missing; a name or its target is empty; one name stands for two organisations;
        or aliases run in a circle.

    Examples
    --------
    >>> aliases = pl.DataFrame({"name": ["Philips Gloeilampenfabrieken NV"],
    ...                         "organisation": ["Koninklijke Philips NV"]})
    >>> filed = normalise_name(pl.Series(["PHILIPS GLOEILAMPENFABRIEKEN N V"]))
    >>> apply_aliases(filed, aliases)["clean"].to_list()
    ['KONINKLIJKE PHILIPS']
    """
    require(names, {"name": pl.String, "clean": pl.String}, name="names")
    require(aliases, {"name": pl.String, "organisation": pl.String}, name="aliases")
    exact: dict[str, str] = {}
    rules: dict[str, str] = {}
    for name, target in aliases.select("name", "organisation").iter_rows():
        if not (name or "").strip() or not (target or "").strip():
            message = f"table 'aliases': '{name or ''}' or its organisation is empty; fill in both"
            raise TableError(message)
        clean = normal(target)
        for table, key in ((exact, name.strip()), (rules, normal(name))):
            if table is rules and key == clean:
                continue  # the name is exact, its normal spelling needs no rule
            if table.setdefault(key, clean) != clean:
                message = (
                    f"table 'aliases': '{name}' stands for '{table[key]}' and for '{clean}'; "
                    "keep one of them"
                )
                raise TableError(message)
    final = {key: _followed(key, rules) for key in rules}
    exact = {key: final.get(clean, clean) for key, clean in exact.items()}
    return names.with_columns(
        clean=pl.coalesce(
            pl.col("name")
            .str.strip_chars()
            .replace_strict(exact, default=None, return_dtype=pl.String),
            pl.col("clean").replace_strict(final, default=None, return_dtype=pl.String),
            "clean",
        )
    )


def _followed(key: str, rules: dict[str, str]) -> str:
    seen = [key]
    while (target := rules.get(seen[-1])) is not None:
        if target in seen:
            circle = " > ".join([*seen[seen.index(target) :], target])
            message = f"table 'aliases': the names run in a circle ({circle}); take one out"
            raise TableError(message)
        seen.append(target)
    return seen[-1]


# --- suggestions --------------------------------------------------------------------------------


def suggest(names: pl.DataFrame, *, least: float = 88.0) -> pl.DataFrame:
    r"""Propose pairs of normal spellings that may be one organisation; nothing is joined by
    it.

    Names are compared that share an uncommon word, or begin with the same letters. The score is
    :math:`100 (1 - d / (|a| + |b|))`, where *d* is the number of letters to take out of *a* and to
    put in to make *b*, over the letters without spaces, words sorted where that is closer. Pairs
    whose differing words have little in common are left out, whatever their score.

    Parameters
    ----------
    names
        ``clean`` String, without nulls; other columns are passed over, repeated names count once.
    least
        Least score [0 to 100].

    Returns
    -------
    pl.DataFrame
        ``a`` < ``b`` String, ``score`` Float64, ``evidence`` String; best first, then by name.

    Examples
    --------
    >>> names = pl.DataFrame({"clean": ["XINAN TEACHER S UNIV", "XINAN TECHER S UNIV", "SONY"]})
    >>> suggest(names).row(0)
    ('XINAN TEACHER S UNIV', 'XINAN TECHER S UNIV', 97.0, 'the words TEACHER and TECHER')
    """
    from rapidfuzz.distance import Indel  # slow to load, and few ask for it

    require(names, {"clean": pl.String}, name="names")
    unique = names["clean"].drop_nulls().unique().sort().to_list()
    plain = [n.replace(" ", "") for n in unique]
    in_order = ["".join(sorted(n.split())) for n in unique]
    pairs: set[tuple[int, int]] = set()
    for block in _blocks(unique, plain):
        pairs |= _close(block, plain, least)
        pairs |= _close(block, in_order, least)
    found = []
    for i, j in sorted(pairs):
        evidence = _evidence(unique[i], unique[j])
        if evidence is not None:
            score = max(
                Indel.normalized_similarity(plain[i], plain[j]),
                Indel.normalized_similarity(in_order[i], in_order[j]),
            )
            found.append((unique[i], unique[j], round(100 * score, 1), evidence))
    table = pl.DataFrame(found, schema=_SCHEMA, orient="row")
    return table.sort("score", "a", "b", descending=[True, False, False])


def _blocks(names: list[str], plain: list[str]) -> Iterable[list[int]]:
    """Positions of names to compare with each other; large blocks in overlapping chunks."""
    by: defaultdict[str, list[int]] = defaultdict(list)
    for i, name in enumerate(names):
        for word in sorted(set(name.split())):
            by[f"word {word}"].append(i)
        by[f"start {plain[i][:5]}"].append(i)
    uncommon = max(50, len(names) // 200)
    for label in sorted(by):
        block = by[label]
        if len(block) < 2 or (label.startswith("word") and len(block) > uncommon):
            continue
        for start in range(0, len(block) - 1, _BLOCK // 2):
            yield block[start : start + _BLOCK]
            if start + _BLOCK >= len(block):
                break


def _close(block: list[int], texts: list[str], least: float) -> set[tuple[int, int]]:
    from rapidfuzz import process  # as above
    from rapidfuzz.distance import Indel

    chosen = [texts[i] for i in block]
    scores = process.cdist(
        chosen, chosen, scorer=Indel.normalized_similarity, score_cutoff=least / 100,
        dtype=np.float32,
    )  # fmt: skip
    first, second = np.nonzero(np.triu(scores, 1))
    return {(block[i], block[j]) for i, j in zip(first.tolist(), second.tolist(), strict=True)}


def _evidence(a: str, b: str) -> str | None:
    """Say what tells two names apart; None when their differing words are not alike."""
    if a.replace(" ", "") == b.replace(" ", ""):
        return "the same without spaces"
    words_a, words_b = a.split(), b.split()
    if b.startswith(a) and len(a) >= 20:
        return f"'{a}' may be cut off"
    if sorted(words_a) == sorted(words_b):
        return "the same words in another order"
    only_a = [w for w in words_a if w not in words_b]
    only_b = [w for w in words_b if w not in words_a]
    left, right = "".join(only_a), "".join(only_b)
    if not left or not right:
        return f"one has the further word {' '.join(only_a or only_b)}" if left or right else None
    if any(c.isdigit() for c in left + right) and left != right:
        return None
    from rapidfuzz.distance import Levenshtein  # as above

    alike = Levenshtein.normalized_similarity(left, right)
    start = left.startswith(right) or right.startswith(left)
    if alike >= 0.7 or (start and min(len(left), len(right)) >= 3):
        return f"the words {' '.join(only_a)} and {' '.join(only_b)}"
    return None
