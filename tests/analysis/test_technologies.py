"""Patterns against a slow matcher written from the head of the definition file, and by hand."""

from __future__ import annotations

import random
import re
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from netpos.analysis.technologies import (
    CLASSIFICATIONS,
    SYMBOLS,
    Technology,
    family_technologies,
    load_technologies,
    match,
    normalise_symbols,
    selection,
)
from netpos.errors import InputError, OptionError, TableError
from netpos.ingest.records import SCHEMES

NTS = load_technologies()


def matches(pattern: str, symbol: str) -> bool:
    """The grammar, clause by clause, for one pattern and one symbol."""
    if ".." in pattern:
        first, last = pattern.split("..")
        group = first.split("/")[0]
        assert group == last.split("/")[0]
        if "/" not in symbol or symbol.split("/")[0] != group:
            return False
        digits, low, high = (s.split("/")[1] for s in (symbol, first, last))
        return low <= digits <= high or digits.startswith(high)
    if pattern.endswith("*"):
        return symbol.startswith(pattern[:-1])
    if pattern.endswith("/") or "/" not in pattern:
        return symbol.startswith(pattern)
    return symbol == pattern


def slow(
    symbols: list[tuple[str, str]], *, narrow: bool, symbols_from: str
) -> set[tuple[str, str, str, str]]:
    out = set()
    for t in NTS:
        for scheme, symbol in symbols:
            if symbols_from == "ipc" and scheme == "CPC":
                continue
            if any(matches(p, symbol) for p in t.exclude):
                continue
            patterns = t.ipc + t.cpc if scheme == "CPC" else t.ipc
            if narrow:
                patterns = t.core
            out |= {(t.id, scheme, symbol, p) for p in patterns if matches(p, symbol)}
    return out


def random_symbols(n: int) -> list[tuple[str, str]]:
    """Symbols on, just beside and far from the patterns of the shipped list."""
    draw = random.Random(5)
    seeds = sorted(
        {
            end.rstrip("*")
            for t in NTS
            for p in (*t.ipc, *t.cpc, *t.exclude, *t.core)
            for end in p.split("..")
        }
    )
    out = {("IPC", "G06N"), ("CPC", "G06N3"), ("IPC", "XYZ"), ("CPC", "G06N3/")}
    while len(out) < n:
        seed = draw.choice(seeds)
        head, _, digits = seed.partition("/")
        if len(head) < 5:
            head = (head + "K")[:4] + str(draw.randint(1, 99))
        way = draw.randrange(5)
        if way == 0:
            digits += str(draw.randint(0, 99))
        elif way == 1:
            digits = str(draw.randint(0, 9999)).rjust(2, "0")
        elif way == 2:
            head += str(draw.randint(0, 9))
        elif way == 3:
            digits = str(max(0, int(digits or 0) + draw.choice((-1, 1)))).rjust(
                max(len(digits), 2), "0"
            )
        out.add((draw.choice(("IPC", "CPC")), f"{head}/{digits or '00'}"))
    return sorted(out)


def table(symbols: list[tuple[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(symbols, schema=dict(SYMBOLS), orient="row")


def one(pattern: str, symbol: str, **about: tuple[str, ...]) -> bool:
    technology = Technology("t", "T", "T", ipc=(pattern,), **about)
    return match(table([("IPC", symbol)]), [technology]).height == 1


def load(tmp_path: Path, text: str) -> tuple[Technology, ...]:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    return load_technologies(file)


@pytest.mark.parametrize("symbols_from", ["both", "ipc"])
@pytest.mark.parametrize("narrow", [False, True])
def test_random_symbols_match_as_plain_string_logic_says(narrow: bool, symbols_from: str) -> None:
    symbols = random_symbols(6000)
    got = match(table(symbols), NTS, narrow=narrow, symbols_from=symbols_from)
    want = slow(symbols, narrow=narrow, symbols_from=symbols_from)
    assert len(want) > 300
    assert got.height == len(want)
    assert set(got.iter_rows()) == want


@pytest.mark.parametrize(
    ("pattern", "symbol", "expected"),
    [
        ("C12N", "C12N15/00", True),
        ("C12N", "C12N", True),
        ("C12N", "C12M1/00", False),
        ("B82", "B82Y10/00", True),
        ("B82", "B81B1/00", False),
        ("G06N3/", "G06N3/00", True),
        ("G06N3/", "G06N30/00", False),
        ("G06N3/", "G06N3", False),
        ("Y02E60/1*", "Y02E60/10", True),
        ("Y02E60/1*", "Y02E60/1", True),
        ("Y02E60/1*", "Y02E60/50", False),
        ("Y02E60/1*", "Y02E6/10", False),
        ("G06F1*", "G06F17/10", True),
        ("G06F1*", "G06F1/10", True),
        ("G06F1*", "G06F2/10", False),
        ("G02B6/12..G02B6/138", "G02B6/12", True),
        ("G02B6/12..G02B6/138", "G02B6/122", True),
        ("G02B6/12..G02B6/138", "G02B6/13", True),
        ("G02B6/12..G02B6/138", "G02B6/138", True),
        ("G02B6/12..G02B6/138", "G02B6/1385", True),
        ("G02B6/12..G02B6/138", "G02B6/139", False),
        ("G02B6/12..G02B6/138", "G02B6/14", False),
        ("G02B6/12..G02B6/138", "G02B6/119", False),
        ("G02B6/12..G02B6/138", "G02B60/12", False),
        ("G02B6/12..G02B6/138", "G02B2006/12", False),
        ("G06N10/00", "G06N10/00", True),
        ("G06N10/00", "G06N10/001", False),
        ("G06N10/00", "G06N1/000", False),
        ("G06N3/00..G06N7/00", "G06N5/02", True),
        ("G06N3/00..G06N7/00", "G06N20/00", False),
        ("G06N7/00..G06N20/00", "G06N10/60", True),
    ],
)
def test_each_form_of_pattern_covers_what_the_grammar_says(
    pattern: str, symbol: str, expected: bool
) -> None:
    assert one(pattern, symbol) is expected


def test_blanks_and_small_letters_do_not_matter_and_the_symbol_comes_back_as_it_was() -> None:
    got = match(table([("IPC", "G06N 3/08"), ("IPC", "g06n3/08")]), NTS)
    assert got.filter(pl.col("technology") == "ai_data")["symbol"].to_list() == [
        "G06N 3/08",
        "g06n3/08",
    ]
    assert normalise_symbols(pl.Series("symbol", ["G06N 3/08"])).name == "symbol"


def test_an_exclusion_takes_away_a_symbol_and_never_a_family() -> None:
    technology = Technology("t", "T", "T", ipc=("H01M8/",), exclude=("H01M8/04*",))
    rows = [(1, "IPC", "H01M8/04"), (2, "IPC", "H01M8/04089"), (2, "IPC", "H01M8/10")]
    families = pl.DataFrame(rows, schema=dict(CLASSIFICATIONS), orient="row")
    assert family_technologies(families, [technology]).rows() == [(2, "t")]


def test_cpc_patterns_are_looked_for_in_cpc_symbols_only_and_ipc_patterns_in_both() -> None:
    technology = Technology("t", "T", "T", ipc=("C12N",), cpc=("G06N3/",))
    symbols = [(s, x) for s in ("IPC", "CPC", "USPC") for x in ("C12N1/00", "G06N3/00")]
    want = [("CPC", "C12N1/00"), ("CPC", "G06N3/00"), ("IPC", "C12N1/00")]
    assert match(table(symbols), [technology]).select("scheme", "symbol").rows() == want
    alone = match(table(symbols), [technology], symbols_from="ipc")
    assert alone.select("scheme", "symbol").rows() == want[2:]


def test_ipc_patterns_hold_for_cpc_symbols_when_there_is_no_cpc_list() -> None:
    technology = Technology("t", "T", "T", ipc=("C12N",))
    assert match(table([("CPC", "C12N1/00")]), [technology]).height == 1


def test_a_pattern_in_both_lists_is_found_once_and_counts_for_ipc() -> None:
    technology = Technology("t", "T", "T", ipc=("G06N10/",), cpc=("G06N10/",))
    got = match(table([("CPC", "G06N10/00"), ("IPC", "G06N10/00")]), [technology])
    assert got["scheme"].to_list() == ["CPC", "IPC"]


def test_the_narrow_run_uses_the_core_and_falls_back_to_the_whole_list() -> None:
    with_core = Technology("a", "A", "A", ipc=("G06N",), core=("G06N3/",), exclude=("G06N3/02",))
    without = Technology("b", "B", "B", ipc=("G06N",))
    symbols = table([("IPC", "G06N3/00"), ("IPC", "G06N3/02"), ("IPC", "G06N5/00")])
    got = match(symbols, [with_core, without], narrow=True)
    counts = got.group_by("technology", maintain_order=True).len().rows()
    assert counts == [("a", 1), ("b", 3)]
    whole = match(symbols, [with_core, without])  # not narrow unless asked for
    counts = whole.group_by("technology", maintain_order=True).len().rows()
    assert counts == [("a", 2), ("b", 3)]
    assert selection([with_core]).chosen(symbols).to_list() == [True, False, True]
    families = symbols.with_columns(family=pl.Series([7, 8, 9], dtype=pl.Int32))
    assert family_technologies(families, [with_core]).rows() == [(7, "a"), (9, "a")]
    assert family_technologies(families, [with_core], narrow=True).rows() == [(7, "a")]


def test_narrow_finds_nothing_that_the_shipped_whole_list_does_not_find() -> None:
    symbols = table([("CPC", symbol) for _, symbol in random_symbols(3000)])
    keys = ["technology", "symbol"]
    narrow = match(symbols, NTS, narrow=True).select(keys).unique()
    assert narrow.height > 50
    assert narrow.join(match(symbols, NTS), on=keys, how="anti").rows() == []


def test_the_order_of_rows_and_repeats_are_irrelevant() -> None:
    symbols = table(random_symbols(800))
    shuffled = pl.concat([symbols, symbols]).sample(fraction=1.0, shuffle=True, seed=1)
    assert_frame_equal(match(shuffled, NTS), match(symbols, NTS))


def test_families_come_in_the_order_of_the_technologies_each_pair_once() -> None:
    rows = [
        (5, "IPC", "H04L9/08"),
        (5, "CPC", "H04L9/0852"),
        (2, "IPC", "H04L9/00"),
        (1, "IPC", "G06N10/00"),
        (0, "IPC", "A47B1/00"),
    ]
    families = pl.DataFrame(rows, schema=dict(CLASSIFICATIONS), orient="row")
    got = family_technologies(families, NTS)
    assert got.rows() == [
        (1, "quantum"),
        (5, "quantum"),
        (2, "cybersecurity"),
        (5, "cybersecurity"),
    ]
    assert got.schema == {"family": pl.Int32, "technology": pl.String}
    assert family_technologies(families.clear(), NTS).height == 0
    assert_frame_equal(family_technologies(families.cast({"scheme": SCHEMES}), NTS), got)
    assert match(families, []).height == 0


def test_a_wrong_choice_of_symbols_or_a_wrong_table_is_refused() -> None:
    with pytest.raises(OptionError, match=r"--symbols cpc.*use both or ipc"):
        match(table([]), NTS, symbols_from="cpc")
    with pytest.raises(TableError, match="'symbols': column 'scheme' is missing"):
        match(pl.DataFrame({"symbol": ["C12N1/00"]}), NTS)


def test_the_shipped_list_has_the_ten_technologies_in_order_with_both_names() -> None:
    assert [t.id for t in NTS] == [
        "optical_photonics",
        "quantum",
        "process",
        "biomolecular_cell",
        "imaging",
        "mechatronics",
        "ai_data",
        "energy_materials",
        "semiconductor",
        "cybersecurity",
    ]
    assert NTS[1].name_nl == "Quantumtechnologie"
    assert NTS[4].focus_area is None
    assert NTS[9].focus_area == "Veiligheid"
    assert all(t.core for t in NTS)


def test_a_users_list_needs_little_and_names_fall_back(tmp_path: Path) -> None:
    text = '[[technology]]\nid = "nano"\nname = "Nano"\ncpc = ["B82"]\n[[technology]]\nid="x"\n'
    first, second = load(tmp_path, text + 'ipc=["C12N"]\n')
    assert (first.name_en, first.name_nl, first.ipc, first.cpc) == ("Nano", "Nano", (), ("B82",))
    assert (second.name_en, second.name_nl) == ("x", "x")
    assert match(table([("CPC", "B82Y1/00"), ("IPC", "B82Y1/00")]), [first]).height == 1


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("G06N3..", "a range needs two whole symbols"),
        ("G06N3/00..", "a range needs two whole symbols"),
        ("G06N3/00..G06T3/00", "a range stays inside one subclass"),
        ("G02B6/138..G02B6/12", "ends before it begins"),
        ("G01S*/89*", "a star stands once, at the end"),
        ("*", "a star stands once, at the end"),
        ("G", "expected"),
        ("G06N3", "expected"),
        ("G06N3/0", "expected"),
        ("Z12N", "expected"),
        ("", "expected"),
    ],
)
def test_a_pattern_outside_the_grammar_is_named_with_its_technology(
    tmp_path: Path, pattern: str, hint: str
) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, f'[[technology]]\nid = "quantum"\nipc = ["C12N", "{pattern}"]\n')
    message = str(caught.value)
    assert re.search(r'own\.toml: technology quantum: pattern "' + re.escape(pattern), message)
    assert hint in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[technology]\n", "not a TOML file"),
        ("", "key 'technology' is missing"),
        ("technology = []\n", "key 'technology'"),
        ('[[technology]]\nipc = ["C12N"]\n', "technology 1: key 'id' is missing"),
        ('colour = 1\n[[technology]]\nid="a"\nipc=["C12N"]\n', "key 'colour' is not known"),
        ('[[technology]]\nid="a"\nicp=["C12N"]\n', "technology a: key 'icp' is not known; use id"),
        ('[[technology]]\nid="a"\nipc="C12N"\n', "technology a: key 'ipc': input should be a val"),
        ('[[technology]]\nid="a"\nipc=[1]\n', "technology a: key 'ipc.0': input should be a val"),
        ('[[technology]]\nid="a"\n', "technology a: there is neither an ipc nor a cpc pattern"),
        ('[[technology]]\nid="all"\nipc=["C12N"]\n', "technology all: this id is taken"),
        ('[[technology]]\nid="A b"\nipc=["C12N"]\n', "technology A b: the id becomes a file name"),
        ('[[technology]]\nid="../a"\nipc=["C12N"]\n', "the id becomes a file name"),
        ('[[technology]]\nid="nul"\nipc=["C12N"]\n', "the id becomes a file name"),
        (2 * '[[technology]]\nid="a"\nipc=["C12N"]\n', "technology a: this id comes twice"),
    ],
)
def test_a_wrong_definition_file_is_named_in_one_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    assert message in str(caught.value)
    assert "own.toml: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_definition_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml: no such file"):
        load_technologies(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "symbol",
    [
        "G 06N3/08",
        " G06N3/08",
        "G\u00a006n 3/08",
        "g0 6N3/08",
        "\tG06N3/08",
        "G06N3/08 ",
        "g06n3/08",
    ],
)
@pytest.mark.parametrize("pattern", ["G06N3/", "G06N", "G06", "G06N3*", "G06N3/0*"])
def test_blanks_and_small_letters_anywhere_in_a_symbol_do_not_hide_it(
    pattern: str, symbol: str
) -> None:
    assert one(pattern, symbol)
    families = pl.DataFrame([(7, "CPC", symbol)], schema=dict(CLASSIFICATIONS), orient="row")
    technology = Technology("t", "T", "T", ipc=(pattern,))
    assert family_technologies(families, [technology]).rows() == [(7, "t")]
