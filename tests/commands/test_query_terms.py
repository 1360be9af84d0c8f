"""Symbols of a technology as terms of a query."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netpos.analysis.technologies import Technology
from netpos.commands.query_terms import symbol_terms
from tests.commands.test_query import belongs

SYMBOLS = st.builds(
    lambda a, b, c: f"G06{a}{b}/{c}",
    st.sampled_from("NK"),
    st.sampled_from([1, 3, 9, 10, 30, 99, 2000]),
    st.text("0158", min_size=2, max_size=4),
)


PATTERNS = st.one_of(
    SYMBOLS,
    st.sampled_from(["G06", "G06N", "G06N3/", "G06K9/", "G06N3*", "G06N10/", "G06*"]),
    SYMBOLS.map(lambda s: s[: s.index("/") + 2] + "*"),
    st.tuples(SYMBOLS, SYMBOLS)
    .filter(lambda p: p[0][:4] == p[1][:4])
    .map(lambda p: sorted(p, key=lambda s: (int(s[4:].split("/")[0]), s.split("/")[1])))
    .map("..".join),
)


@given(
    st.lists(PATTERNS, min_size=1, max_size=4),
    st.lists(PATTERNS, max_size=3),
    st.lists(SYMBOLS, min_size=1, max_size=20),
)
def test_terms_cover_what_the_patterns_cover_and_each_symbol_once(ipc, exclude, symbols) -> None:
    t = Technology("t", "", "", ipc=tuple(ipc), exclude=tuple(exclude))
    terms = symbol_terms(t, "IPC")
    for symbol in symbols:
        hits = [x for x in terms if (symbol.startswith(x[:-1]) if x.endswith("*") else symbol == x)]
        assert len(hits) == belongs(t, [symbol], []), (symbol, hits)
