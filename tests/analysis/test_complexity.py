"""Complexity of technologies in a run: given, from a matrix, from the export itself."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr
from typer.testing import CliRunner, Result

from netpos import analysis
from netpos.analysis.complexity import export_matrix, technology_complexity
from netpos.cli import app
from netpos.errors import InputError, OptionError
from netpos.ingest.corpus import read
from netpos.options import make
from tests.lens import FAST, record, write

DEFINITION = """
[[technology]]
id = "rare"
name = "Rare"
ipc = ["G06N"]

[[technology]]
id = "mixed"
name = "Mixed"
ipc = ["H01L", "A01B"]

[[technology]]
id = "common"
name = "Common"
ipc = ["A01B"]
"""
SUBCLASSES = ["A01B", "B60K", "G06N", "H01L"]
COUNTRIES = ["DE", "JP", "NL", "US"]
COUNTS = np.array([[6, 1, 0, 2], [4, 0, 1, 3], [5, 3, 1, 0], [8, 0, 4, 4]])


def plain_pci(x: np.ndarray) -> np.ndarray:
    """PCI by the unsymmetric eigenproblem: the mean over the countries that hold the product."""
    m = ((x / x.sum(1, keepdims=True)) / (x.sum(0) / x.sum()) >= 1 - 1e-12).astype(float)
    d, u = m.sum(1), m.sum(0)
    values, vectors = np.linalg.eig((m / d[:, None]) @ (m / u).T)
    second = np.real(vectors[:, np.argsort(-np.real(values))[1]])
    second *= np.sign(np.corrcoef(second, d)[0, 1])
    return (m / u).T @ second


def correlations(x: np.ndarray) -> tuple[float, float]:
    """ECI with diversity (Pearson) and PCI with ubiquity (Spearman), signed by the first."""
    m = ((x / x.sum(1, keepdims=True)) / (x.sum(0) / x.sum()) >= 1 - 1e-12).astype(float)
    d, u = m.sum(1), m.sum(0)
    pci = plain_pci(x)
    return float(np.corrcoef(m @ pci / d, d)[0, 1]), float(spearmanr(pci.round(9), u)[0])


def expected(x: np.ndarray, held: dict[str, dict[str, int]]) -> dict[str, float]:
    pci = dict(zip(SUBCLASSES, plain_pci(x), strict=True))
    mean = {
        t: sum(pci[s] * k for s, k in parts.items()) / sum(parts.values())
        for t, parts in held.items()
    }
    low, high = min(mean.values()), max(mean.values())
    return {t: 100 * (v - low) / (high - low) for t, v in mean.items()}


def records(counts: np.ndarray = COUNTS) -> list[dict]:
    """One family per count, with that subclass alone."""
    found: list[dict] = []
    for i, country in enumerate(COUNTRIES):
        for j, subclass in enumerate(SUBCLASSES):
            for _ in range(counts[i, j]):
                n = len(found) + 1
                owner = [(f"FIRM {n} LTD", country)]
                found.append(record(n, applicants=owner, symbols=[f"{subclass}1/00"]))
    return found


def netpos(tmp_path: Path, records_: list[dict], *more: object) -> Result:
    (tmp_path / "t.toml").write_text(DEFINITION)
    path = write(tmp_path / "x.jsonl", records_)
    shutil.rmtree(tmp_path / "o", ignore_errors=True)  # a corpus that is there is added to
    arguments = ["run", path, "--out", tmp_path / "o", "--technologies", tmp_path / "t.toml"]
    arguments += [*FAST, "--tables-only", *more]
    return CliRunner().invoke(app, [str(a) for a in arguments])


Told = dict[str, tuple[float | None, float | None, str | None]]


def told(tmp_path: Path, records_: list[dict], **given: object) -> Told:
    """Technology -> complexity, that of the matrix, and basis, as a run has them."""
    (tmp_path / "t.toml").write_text(DEFINITION)
    corpus = read(write(tmp_path / "x.jsonl", records_))
    options = {"technologies": str(tmp_path / "t.toml")} | given
    table = technology_complexity(analysis.prepare(corpus, make(options)))
    return {technology: tuple(rest) for technology, *rest in table.iter_rows()}


def found(tmp_path: Path) -> dict[str, tuple[str, str]]:
    """Technology -> complexity and basis in the file of a run; the same in every period."""
    with (tmp_path / "o" / "tables" / "technologies.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    table = {r["technology"]: (r["complexity"], r["complexity_basis"]) for r in rows}
    for row in rows:
        assert table[row["technology"]] == (row["complexity"], row["complexity_basis"])
    return table


#: Families of each technology in each subclass in `records`.
HELD = {
    "rare": {"G06N": int(COUNTS[:, 2].sum())},
    "mixed": {"A01B": int(COUNTS[:, 0].sum()), "H01L": int(COUNTS[:, 3].sum())},
    "common": {"A01B": int(COUNTS[:, 0].sum())},
}


def test_complexity_of_the_export_is_computed_where_asked_and_called_a_selection(
    tmp_path: Path,
) -> None:
    more = ["--complexity", "export", "--complexity-sign", "diversity", "--min-families", 9]
    result = netpos(tmp_path, records(), *more)
    assert result.exit_code == 0, result.stderr
    assert "a selection of all patenting" in result.stderr
    table = found(tmp_path)
    r, rho = correlations(COUNTS)
    for technology, value in expected(COUNTS, HELD).items():
        assert float(table[technology][0]) == pytest.approx(value, abs=1e-8)
        assert table[technology][1] == (
            "selection: 4 subclasses, 4 countries in this export (1 with fewer than 9 families); "
            "known for 100 % of the families' subclasses; "
            f"ECI with diversity {r:.2f}, PCI with ubiquity {rho:.2f}"
        )
    assert table["all"] == ("", "")
    assert sorted(float(v) for v, _ in table.values() if v)[::2] == [0, 100]


@pytest.mark.parametrize(
    ("symbols", "expected"),
    [
        ("both", [("DE", "A01B", 1.0), ("NL", "A01B", 1.0), ("NL", "G06N", 1.0)]),
        ("ipc", [("DE", "A01B", 1.0), ("NL", "G06N", 1.0)]),
    ],
)
def test_the_matrix_of_an_export_counts_the_symbols_that_are_asked_for(
    tmp_path: Path, symbols: str, expected: list[tuple]
) -> None:
    """Of two families the CPC says A01B; the IPC says G06N of the one and A01B of the other."""
    made = [record(1, symbols=["A01B1/00"]), record(2, symbols=["A01B1/00"])]
    made[1]["biblio"]["parties"]["applicants"][0]["residence"] = "DE"
    for one, symbol in zip(made, ("G06N10/00", "A01B1/00"), strict=True):
        ipc = {"classifications": [{"symbol": symbol}]}
        one["biblio"]["classifications_ipcr"] = ipc
    study = analysis.prepare(read(write(tmp_path / "x.jsonl", made)), make({"symbols": symbols}))
    assert export_matrix(study, (2015, 2025)).rows() == expected


def test_complexity_of_a_matrix_of_all_patenting_uses_only_the_matrix(tmp_path: Path) -> None:
    other = np.array([[9, 4, 1, 1], [3, 7, 2, 9], [8, 6, 0, 2], [2, 3, 9, 8]])
    assert expected(other, HELD) != pytest.approx(expected(COUNTS, HELD))
    earlier = 50 * COUNTS
    assert expected(other + earlier, HELD) != pytest.approx(expected(other, HELD))
    lines = ["country,subclass,families,year"]
    for i, country in enumerate(COUNTRIES):
        for j, subclass in enumerate(SUBCLASSES):
            lines.append(f"{country},{subclass},{other[i, j]},2016")
            lines.append(f"{country},{subclass},{earlier[i, j]},1990")  # outside the span
    (tmp_path / "m.csv").write_text("\n".join(lines))
    table = told(tmp_path, records(), complexity=str(tmp_path / "m.csv"))
    for technology, value in expected(other, HELD).items():
        assert table[technology][0] == pytest.approx(value, abs=1e-8)
        assert table[technology][2].startswith("matrix: 4 subclasses, 4 countries in m.csv")


def test_subclasses_missing_from_the_matrix_are_left_out_and_told(tmp_path: Path) -> None:
    lines = ["country,subclass,families"]
    without = np.array([[4, 8, 9], [2, 1, 6], [6, 7, 6], [7, 9, 9]])  # no H01L
    for i, country in enumerate(COUNTRIES):
        lines += [f"{country},{SUBCLASSES[j]},{without[i, j]}" for j in range(3)]
    (tmp_path / "m.csv").write_text("\n".join(lines))
    table = told(tmp_path, records(), complexity=str(tmp_path / "m.csv"))
    a, h = HELD["mixed"]["A01B"], HELD["mixed"]["H01L"]
    part = round(100 * a / (a + h))
    assert f"known for {part} % of the families' subclasses; ECI" in table["mixed"][2]
    a_b_g = plain_pci(without)
    assert a_b_g[0] > a_b_g[2]
    assert (table["mixed"][0], table["common"][0], table["rare"][0]) == (100, 100, 0)


def test_a_given_complexity_is_shown_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("technology,complexity\nrare,-1.5\ncommon,\n")
    assert netpos(tmp_path, records(), "--complexity", tmp_path / "c.csv").exit_code == 0
    table = found(tmp_path)
    assert table["rare"] == ("-1.5", "given")
    assert table["common"] == table["mixed"] == table["all"] == ("", "")


def test_without_the_option_there_is_no_complexity(tmp_path: Path) -> None:
    assert set(told(tmp_path, records()).values()) == {(None, None, None)}


def test_a_matrix_that_tells_nothing_leaves_complexity_empty(tmp_path: Path) -> None:
    same = np.array([[1, 1, 1, 1]] * 4)
    nothing = {(None, None, None)}
    assert set(told(tmp_path, records(same), complexity="export").values()) == nothing
    one = np.array([[3, 0, 0, 0]] * 4)
    assert set(told(tmp_path, records(one), complexity="export").values()) == nothing


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("technology,complexity\nrare,high\n", (":2:", "high")),
        ("technology,complexity\nrare,1\nrare,2\n", (":3:", "rare")),
        ("country,subclass,families\nNL,G06N,1\n", ("NL",)),
        ("country,subclass,families\nNL,G06N,-1\nDE,H01L,2\n", (":2:", "-1")),
        ("country,subclass,families\nNL,Physics,1\nDE,H01L,2\n", ("PHYSICS", "subclass")),
        ("land,waarde\nNL,1\n", ("country",)),
        ("", ("empty",)),
    ],
)
def test_a_wrong_file_is_one_line_on_stderr(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "c.csv").write_text(text)
    result = netpos(tmp_path, records(), "--complexity", tmp_path / "c.csv")
    assert result.exit_code == 2, result.stderr
    (line,) = [x for x in result.stderr.splitlines() if x.startswith("netpos: ")]
    for word in ("c.csv", *words):
        assert word in line


# --- sign, scale, regions -------------------------------------------------------------------------


def test_complexity_is_withheld_where_the_rules_for_its_sign_contradict(tmp_path: Path) -> None:
    r, rho = correlations(COUNTS)
    assert r > 0
    assert rho > 0  # so the two contradict
    result = netpos(tmp_path, records(), "--complexity", "export")
    assert result.exit_code == 0, result.stderr
    assert "Complexity is not given: the two rules for its sign contradict" in result.stderr
    for technology, (value, basis) in found(tmp_path).items():
        assert value == ""
        if technology != "all":
            assert "not given, since these contradict each other" in basis
    chosen = told(tmp_path, records(), complexity="export", complexity_sign="ubiquity")
    for technology, value in expected(COUNTS, HELD).items():
        assert chosen[technology][0] == pytest.approx(100 - value, abs=1e-8)


def test_complexity_of_the_matrix_is_the_mean_of_subclasses_from_0_to_100(tmp_path: Path) -> None:
    table = told(tmp_path, records(), complexity="export", complexity_sign="diversity")
    pci = plain_pci(COUNTS)
    scaled = dict(zip(SUBCLASSES, 100 * (pci - pci.min()) / (pci.max() - pci.min()), strict=True))
    for technology, parts in HELD.items():
        mean = sum(scaled[s] * k for s, k in parts.items()) / sum(parts.values())
        assert table[technology][1] == pytest.approx(mean, abs=1e-8)


def test_rows_of_a_matrix_of_regions_are_called_regions_and_small_ones_left_out(
    tmp_path: Path,
) -> None:
    other = np.array([[9, 4, 1, 1], [3, 7, 2, 9], [8, 6, 0, 2], [2, 3, 9, 8]])
    lines = ["region,subclass,families"]
    for i, country in enumerate(COUNTRIES):
        lines += [f"{country}11,{s},{10 * other[i, j]}" for j, s in enumerate(SUBCLASSES)]
    lines += ["NL12,A01B,20", "NL12,G06N,29", "FR10,A01B,500"]
    (tmp_path / "r.csv").write_text("\n".join(lines))
    chosen = {"complexity": str(tmp_path / "r.csv"), "complexity_sign": "diversity"}
    table = told(tmp_path, records(), **chosen, regions="DE,JP,NL,US")
    for technology, value in expected(other, HELD).items():
        assert table[technology][0] == pytest.approx(value, abs=1e-8)
        assert "4 subclasses, 4 regions in r.csv; known" in table[technology][2]
    # two are enough to be compared, though they tell nothing of their order here
    two = told(tmp_path, records(), **chosen, regions="NL,US")
    assert {value for value, *_ in two.values()} == {None}
    with pytest.raises(InputError, match=r"r\.csv: fewer than two regions are left"):
        told(tmp_path, records(), **chosen, regions="NL")
    (tmp_path / "r.csv").write_text("\n".join(lines).replace("region", "country"))
    with pytest.raises(OptionError, match=r"--regions: the rows of r\.csv are not called regions"):
        told(tmp_path, records(), **chosen, regions="NL")
