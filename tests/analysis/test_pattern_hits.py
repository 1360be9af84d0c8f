"""What each pattern of a technology finds, against plain loops over the records."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import netpos
from netpos import analysis
from netpos.analysis.pattern_hits import jump_warnings, jumped, pattern_hits
from netpos.cli import app
from netpos.options import make
from tests.lens import FAST, record, write

DEFINITION = """
[[technology]]
id = "light"
name = "Light"
ipc = ["H01S5/", "G02B6/"]
cpc = ["Y10T9/"]
exclude = ["G02B6/02"]

[[technology]]
id = "other"
name = "Other"
ipc = ["G02B6/"]
"""
#: pattern -> what its symbols begin with, written out.
BEGINS = {"H01S5/": "H01S5/", "G02B6/": "G02B6/", "Y10T9/": "Y10T9/"}
SYMBOLS = ["H01S5/00", "H01S5/12", "G02B6/00", "G02B6/02", "Y10T9/10", "A01B1/00"]


def study(tmp_path: Path, records: list[dict], **options: object) -> analysis.Study:
    (tmp_path / "t.toml").write_text(DEFINITION)
    corpus = netpos.read(write(tmp_path / "x.jsonl", records))
    given = {"technologies": str(tmp_path / "t.toml"), "periods": "2015-2017,2018-2020"} | options
    return analysis.prepare(corpus, make({"from": 2015, "to": 2020} | given))


def made(seed: int) -> list[dict]:
    random_ = random.Random(seed)
    return [
        record(
            n,
            symbols=random_.sample(SYMBOLS, random_.choice([1, 2, 3])),
            published=f"{random_.randrange(2014, 2022)}-03-01",
            office=random_.choice(["EP", "US"]),
            applicants=[("A LTD", random_.choice(["NL", None]))],
        )
        for n in range(1, 151)
    ]


def plain(records: list[dict], technology: str) -> dict[int, tuple[int, str, set[str]]]:
    """Number of each family of the technology -> year, office, patterns that find it."""
    found = {}
    patterns = ["H01S5/", "G02B6/", "Y10T9/"] if technology == "light" else ["G02B6/"]
    for one in records:
        held = [c["symbol"] for c in one["biblio"]["classifications_cpc"]["classifications"]]
        if technology == "light":
            held = [s for s in held if s != "G02B6/02"]
        hits = {p for p in patterns if any(s.startswith(BEGINS[p]) for s in held)}
        if hits:
            found[int(one["doc_number"])] = (
                int(one["date_published"][:4]),
                one["jurisdiction"],
                hits,
            )
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_hits_are_those_of_plain_loops(tmp_path: Path, seed: int) -> None:
    records = made(seed)
    table = pattern_hits(study(tmp_path, records))
    seen = 0
    for row in table.to_dicts():
        families = plain(records, row["technology"]).values()
        a, b = {"2015-2017": (2015, 2017), "2018-2020": (2018, 2020), "all": (2015, 2020)}[
            row["period"]
        ]
        if row["year"]:
            a = b = row["year"]
        inside = [f for f in families if a <= f[0] <= b and row["office"] in ("all", f[1])]
        hits = [f for f in inside if row["pattern"] in f[2]]
        assert row["families"] == len(hits), row
        assert row["alone"] == sum(len(f[2]) == 1 for f in hits), row
        assert row["family_share"] == pytest.approx(len(hits) / len(inside), rel=1e-11)
        seen += len(hits)
    assert seen > 300
    keys = ["technology", "period", "pattern", "year", "office"]
    assert not table.select(keys).is_duplicated().any()
    whole = table.filter(pl.col("year").is_null() & (pl.col("office") == "all"))
    assert whole.height == (3 + 1) * 3
    yearly = table.filter(pl.col("year").is_not_null() & (pl.col("office") == "all"))
    assert yearly.height == (3 + 1) * 6


def test_a_pattern_that_finds_nothing_is_zero_and_one_not_looked_for_is_unknown(
    tmp_path: Path,
) -> None:
    records = [record(1, symbols=["H01S5/00"])]
    table = pattern_hits(study(tmp_path, records)).filter(
        (pl.col("period") == "all") & pl.col("year").is_null() & (pl.col("technology") == "light")
    )
    assert dict(table.select("pattern", "families").iter_rows()) == {
        "G02B6/": 0, "H01S5/": 1, "Y10T9/": 0,
    }  # fmt: skip
    records[0]["biblio"]["classifications_ipcr"] = {"classifications": [{"symbol": "H01S 5/00"}]}
    table = pattern_hits(study(tmp_path, records, symbols="ipc")).filter(
        (pl.col("period") == "all") & pl.col("year").is_null() & (pl.col("technology") == "light")
    )
    assert dict(table.select("pattern", "families").iter_rows()) == {
        "G02B6/": 0, "H01S5/": 1, "Y10T9/": None,
    }  # fmt: skip
    unknown = table.filter(pl.col("pattern") == "Y10T9/").row(0, named=True)
    assert unknown["alone"] is None
    assert unknown["family_share"] is None


def test_a_family_at_two_offices_counts_at_each_and_once_in_all(tmp_path: Path) -> None:
    records = [
        record(1, symbols=["H01S5/00"], members=[1, 2], family=9),
        record(2, symbols=["H01S5/00"], members=[1, 2], family=9, office="US"),
    ]
    table = pattern_hits(study(tmp_path, records)).filter(
        (pl.col("period") == "all") & (pl.col("year") == 2018) & (pl.col("pattern") == "H01S5/")
    )
    assert table.select("office", "families", "alone").rows() == [
        ("all", 1, 1), ("EP", 1, 1), ("US", 1, 1),
    ]  # fmt: skip


def reclassified(before: int, after: int) -> list[dict]:
    """60 families a year; so many of those until 2017, and from 2018, carry H01S5 as well."""
    return [
        record(
            100 * year + k,
            symbols=["G02B6/00", *(["H01S5/00"] if k < (before if year < 2018 else after) else [])],
            published=f"{year}-03-01",
        )
        for year in range(2015, 2021)
        for k in range(60)
    ]


def test_a_jump_at_a_change_of_classification_is_told_with_its_year(tmp_path: Path) -> None:
    table = pattern_hits(study(tmp_path, reclassified(3, 40)))
    jumps = table.filter(pl.col("jump")).select("technology", "period", "pattern", "year")
    assert jumps.rows() == [
        ("light", "2018-2020", "H01S5/", None),
        ("light", "all", "H01S5/", 2018),
    ]
    (told,) = jump_warnings(table)
    assert "H01S5/ of light (67% of its families in 2018-2020)" in told


def test_a_part_that_drifts_is_no_jump(tmp_path: Path) -> None:
    table = pattern_hits(study(tmp_path, reclassified(10, 14)))
    assert table.filter(pl.col("jump")).height == 0
    assert jump_warnings(table) == []
    first = table.filter((pl.col("period") == "2015-2017") & (pl.col("pattern") == "H01S5/"))
    assert first["jump"].to_list() == [None]


@pytest.mark.parametrize(
    ("h1", "n1", "h2", "n2", "jump"),
    [
        (0, 100, 40, 100, 1.0),
        (40, 100, 0, 100, 1.0),  # also when it vanishes
        (10, 100, 19, 100, 0.0),  # not twice
        (1, 100, 4, 100, 0.0),  # less than five points
        (2, 30, 6, 30, 0.0),  # within chance: 4/30 apart, error .086
        (0, 29, 30, 30, np.nan),  # too few, then and now
        (0, 30, 29, 29, np.nan),
        (0, 30, 30, 30, 1.0),  # just enough
        (np.nan, 100, 5, 100, np.nan),
        (0, 0, 0, 0, np.nan),
        (0, 100, 0, 100, 0.0),
    ],
)
def test_a_jump_needs_all_three(h1: float, n1: float, h2: float, n2: float, jump: float) -> None:
    got = jumped(*(np.array([float(x)]) for x in (h1, n1, h2, n2)))
    assert got.tolist() == pytest.approx([jump], nan_ok=True)


def test_the_error_is_that_of_the_chi_squared_test() -> None:
    from scipy.stats import chi2_contingency

    rng = np.random.default_rng(3)
    n = rng.integers(30, 400, size=(200, 2)).astype(float)
    h = np.floor(n * rng.uniform(0, 1, size=(200, 2)))
    got = jumped(h[:, 0], n[:, 0], h[:, 1], n[:, 1])
    seen = 0
    for (a, b), (x, y), jump in zip(n, h, got, strict=True):
        if not 0 < x + y < a + b:
            continue
        square = chi2_contingency([[x, a - x], [y, b - y]], correction=False).statistic
        low, high = sorted((x / a, y / b))
        assert bool(jump) == (square >= 16 and high >= 2 * low and high - low >= 0.05)
        seen += bool(jump)
    assert 20 < seen < 180


def test_a_run_writes_the_table_and_tells_the_jump(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(DEFINITION)
    path = write(tmp_path / "x.jsonl", reclassified(0, 30))
    out = tmp_path / "o"
    arguments = ["run", path, "--out", out, "--technologies", tmp_path / "t.toml", *FAST]
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == 0
    assert "H01S5/ of light" in result.stderr
    assert "H01S5/ of light" in (out / "run.json").read_text()
    assert "H01S5/ of light" in (out / "index.html").read_text()
    assert pl.read_csv(out / "tables" / "pattern_hits.csv")["families"].sum() > 0


def test_without_any_symbol_in_the_corpus_nothing_is_known(tmp_path: Path) -> None:
    table = pattern_hits(study(tmp_path, [record(1, symbols=[]), record(2, symbols=[])]))
    assert table.height == 4 * (3 + 6)
    for column in ("families", "alone", "family_share", "jump"):
        assert table[column].null_count() == table.height
    assert jump_warnings(table) == []


def test_a_narrow_run_looks_for_core_patterns_alone_in_every_scheme(tmp_path: Path) -> None:
    (tmp_path / "core.toml").write_text(
        '[[technology]]\nid = "a"\ncpc = ["H01S"]\nipc = ["G02B"]\ncore = ["H01S5/"]\n'
    )
    one = record(1, symbols=[])  # the corpus holds no symbol of the CPC
    one["biblio"]["classifications_ipcr"] = {"classifications": [{"symbol": "H01S 5/00"}]}
    options = make({"technologies": str(tmp_path / "core.toml"), "narrow": True})
    table = pattern_hits(analysis.prepare(netpos.read(write(tmp_path / "c.jsonl", [one])), options))
    whole = table.filter((pl.col("period") == "all") & pl.col("year").is_null())
    assert whole.select("pattern", "office", "families").rows() == [("H01S5/", "all", 1)]


@pytest.mark.parametrize(("jumps", "more"), [(5, ""), (6, ""), (8, "; and 2 more")])
def test_six_jumps_are_told_and_how_many_more_there_are(jumps: int, more: str) -> None:
    table = pl.DataFrame(
        {
            "technology": ["a"] * jumps,
            "pattern": [f"H01S{n}/" for n in range(jumps)],
            "period": ["all"] * jumps,
            "year": [2018] * jumps,
            "family_share": [0.5] * jumps,
            "jump": [True] * jumps,
        }
    )
    (told,) = jump_warnings(table)
    assert told.count("50% of its families in 2018") == min(jumps, 6)
    assert f"of its families in 2018){more}. Check whether" in told
