"""The notebooks run from top to bottom, hold no outputs, and give the numbers worked by hand."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from netpos.countries import data_path
from tests.conftest import ROOT, shared_real

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
Values = dict[str, Any]
Execute = Callable[[str, str], Values]


@pytest.fixture
def execute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Execute:
    """Run a notebook in a kernel of this Python and hand back what an expression is at its end."""
    for name in ("DATA", "CONFIG", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))

    def run(name: str, expression: str) -> Values:
        import nbformat
        from nbclient import NotebookClient

        notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
        probe = f"import json as _json\nprint(_json.dumps({expression}))"
        notebook.cells.append(nbformat.v4.new_code_cell(probe))
        client = NotebookClient(
            notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}
        )
        client.execute()
        found: Values = json.loads(notebook.cells[-1].outputs[0]["text"])
        return found

    return run


def read(path: Path) -> Any:
    import nbformat

    return nbformat.read(path, as_version=4)


def code(path: Path) -> list[str]:
    notebook = read(path)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_there_is_one_notebook_for_each_of_the_six_questions() -> None:
    assert [p.stem for p in NOTEBOOKS] == [
        "1_compare_countries",
        "2_dependence",
        "3_own_links",
        "4_trade_complexity",
        "5_knowledge_position",
        "6_innovation_chain",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_valid_and_stored_without_outputs(path: Path) -> None:
    import nbformat

    notebook = read(path)
    nbformat.validate(notebook)
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    assert len(cells) >= 3
    assert all(c.outputs == [] and c.execution_count is None for c in cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_says_what_is_read_and_what_it_cannot_tell(path: Path) -> None:
    notebook = read(path)
    told = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    assert "Read: " in told[0]
    assert told[-1].startswith("## What this cannot tell")


def test_comparison_gives_the_balance_worked_by_hand(execute: Execute) -> None:
    got = execute(
        "1_compare_countries",
        "{'hand': by_hand.rows(), 'counts': corpus.counts, 'links': links.table.rows(),"
        " 'rows': comparison.to_dicts(), 'core': core, 'page': page.read_text('utf-8')[:15]}",
    )
    # NL is cited 1 + 2 and cites 3; DE cites 2 and is never cited; US is cited 3 and cites 1
    assert got["hand"] == [["DE", -1.0], ["NL", 0.0], ["US", 0.5]]
    # the same for every country of the synthetic export, summed here with plain loops
    received: dict[str, float] = {}
    given: dict[str, float] = {}
    for citing, cited, weight, _ in got["links"]:
        if citing != cited:
            received[cited] = received.get(cited, 0.0) + weight
            given[citing] = given.get(citing, 0.0) + weight
    assert len(got["rows"]) > 25
    for row in got["rows"]:
        r, g = received.get(row["country"], 0.0), given.get(row["country"], 0.0)
        assert (row["received"], row["given"]) == pytest.approx((r, g), rel=1e-12)
        if r + g:
            assert row["balance"] == pytest.approx((r - g) / (r + g), abs=1e-12)
        assert (row["distance"] == 0.0) == (row["country"] in got["core"])
    with gzip.open(data_path("demo_synthetic_lens.jsonl.gz")) as stream:
        lines = sum(1 for line in stream if line.strip())
    counts = got["counts"]
    assert counts["read"] == lines
    assert counts["kept"] + counts["rejected"] + counts["duplicates"] == lines
    assert got["page"].lower() == "<!doctype html>"


def test_dependence_gives_exposure_diversity_likeness_and_dependents_worked_by_hand(
    execute: Execute,
) -> None:
    got = execute(
        "2_dependence",
        "{'hand': {k: v.to_dicts() for k, v in by_hand.items()}, 'links': links.table.rows(),"
        " 'exposure': exposure.to_dicts(), 'dependents': dependents.to_dicts(),"
        " 'diversity': diversity.to_dicts()}",
    )
    hand = got["hand"]
    shares = {row["source"]: row["share"] for row in hand["exposure"]}
    assert shares == {
        "eu": 0.25,
        "oecd_nato": 0.5,
        "other": 0.25,
        "CN": 0.25,
        "DE": 0.25,
        "US": 0.5,
    }
    left = {row["source"]: row["effective_without"] for row in hand["exposure"]}
    assert left["US"] == pytest.approx(2.0, abs=1e-12)
    # without DE: 2/3 and 1/3 are left
    assert left["DE"] == pytest.approx(3 / 2 ** (2 / 3), abs=1e-12)
    of_nl = {
        key: next(r for r in hand[key] if r["country"] == "NL")
        for key in hand
        if key in ("diversity", "similarity")
    }
    assert of_nl["diversity"]["source_effective"] == pytest.approx(2**1.5, abs=1e-12)
    assert of_nl["similarity"]["similarity"] == pytest.approx(2.0, abs=1e-12)
    dependents = {row["country"]: row["share"] for row in hand["dependents"]}
    assert dependents["US"] == pytest.approx(0.25, abs=1e-12)
    # the synthetic export, with plain loops
    given: dict[str, dict[str, float]] = {}
    for citing, cited, weight, _ in got["links"]:
        if citing != cited:
            given.setdefault(citing, {})[cited] = weight
    total = sum(given["NL"].values())
    rows = {r["source"]: r["share"] for r in got["exposure"] if r["kind"] == "country"}
    assert rows == pytest.approx({k: w / total for k, w in given["NL"].items()}, abs=1e-12)
    for row in got["dependents"]:
        mine = given.get(row["country"])
        if mine is None:
            assert row["share"] is None
        else:
            assert row["share"] == pytest.approx(mine.get("NL", 0) / sum(mine.values()), abs=1e-12)
    for row in got["diversity"]:
        if row["country"] not in given:
            assert row["source_effective"] is None
            continue
        parts = [w / sum(given[row["country"]].values()) for w in given[row["country"]].values()]
        entropy = -sum(p * math.log(p) for p in parts)
        assert row["source_effective"] == pytest.approx(math.exp(entropy), rel=1e-12)


def test_own_links_give_the_balance_worked_by_hand_in_python_and_on_the_command_line(
    execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NETPOS_LINKS", raising=False)
    got = execute("3_own_links", "{'hand': by_hand.rows(), 'nl': netherlands.to_dicts()}")
    hand = dict(got["hand"])
    # NL cited 3 + 1, cites 1.5 + 2.5 + 2; DE cited 2, cites 1 + 5; US cited 4 + 5, cites 3
    assert hand == pytest.approx(
        {"Netherlands": -0.2, "Germany": -0.5, "United States": 0.5}, abs=1e-12
    )
    balance = {row["period"]: row["balance_ratio"] for row in got["nl"]}
    # first period: cited 1, cites 4; second: cited 3, cites 2
    assert balance == pytest.approx({"2015-2019": -0.6, "2020-2024": 0.2, "all": -0.2}, abs=1e-12)
    assert all(row["received_per_family"] is None for row in got["nl"])


def test_own_links_read_the_published_pharmaceutical_flows(
    execute: Execute, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = shared_real() / "country_citations_pharma" / "back_citations_ctry_16.csv.gz"
    flows = pl.read_csv(path).select(
        citing="ctry_name_citing", cited="ctry_name_cited", weight="share_inv_cited"
    )
    flows.write_csv(tmp_path / "own.csv")
    monkeypatch.setenv("NETPOS_LINKS", str(tmp_path / "own.csv"))
    got = execute("3_own_links", "{'nl': netherlands.to_dicts()}")
    (row,) = got["nl"]
    received = given = 0.0
    for citing, cited, weight in flows.iter_rows():
        received += weight * (cited == "Netherlands" != citing)
        given += weight * (citing == "Netherlands" != cited)
    assert received > given > 1000 or given > received > 1000
    assert row["received"] == pytest.approx(received, rel=1e-11)
    assert row["balance_ratio"] == pytest.approx((received - given) / (received + given), rel=1e-10)


def test_complexity_gives_rca_diversity_ubiquity_and_eci_worked_by_hand(
    execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NETPOS_MATRIX", raising=False)
    got = execute(
        "4_trade_complexity",
        "{'hand': {k: v.to_dicts() for k, v in by_hand.items()},"
        " 'matrix': matrix.rows(), 'cells': tables['cells'].to_dicts()}",
    )
    hand = got["hand"]
    rca = {(r["country"], r["product"]): r["rca"] for r in hand["cells"]}
    assert rca["A", "chips"] == pytest.approx(2.5, abs=1e-12)  # (10 / 20) / (10 / 50)
    assert rca["B", "wheat"] == pytest.approx(1.25, abs=1e-12)  # (10 / 20) / (20 / 50)
    assert {r["country"]: r["diversity"] for r in hand["countries"]} == {"A": 2, "B": 2, "C": 1}
    ubiquity = {r["product"]: r["ubiquity"] for r in hand["products"]}
    assert ubiquity == {"chips": 1, "machines": 2, "wheat": 2}
    # on paper: the matrix of steps is (3 1 0; 1 2 1; 0 2 2) / 4, its second eigenvalue
    # (3 + sqrt 5) / 8, and its vector (1, -(3 - sqrt 5) / 2, -(sqrt 5 + 1.5 - 2.5)) as below
    root = math.sqrt(5)
    value = (3 + root) / 8
    vector = [1.0, 4 * (value - 0.75), 2 * (value - 0.75) / (value - 0.5)]
    mean = sum(vector) / 3
    deviation = math.sqrt(sum((x - mean) ** 2 for x in vector) / 2)
    expected = [(x - mean) / deviation for x in vector]
    assert [round(x, 3) for x in expected] == [1.069, -0.156, -0.913]
    assert [r["eci"] for r in hand["countries"]] == pytest.approx(expected, abs=1e-12)
    # the synthetic table, with plain loops
    cells = {(c, p): v for c, p, v in got["matrix"] if v}
    world = sum(cells.values())
    assert len({p for _, p in cells}) == 10
    for row in got["cells"]:
        c, p = row["country"], row["product"]
        of_country = sum(v for (x, _), v in cells.items() if x == c)
        of_product = sum(v for (_, y), v in cells.items() if y == p)
        if of_country:
            plain = cells.get((c, p), 0.0) * world / of_country / of_product
            assert row["rca"] == pytest.approx(plain, rel=1e-12, abs=1e-15)


def test_knowledge_position_gives_the_impact_worked_by_hand_and_that_of_plain_loops(
    execute: Execute,
) -> None:
    got = execute(
        "5_knowledge_position",
        "{'hand': by_hand.select('country', 'works', 'fwci').rows(),"
        " 'dutch': dutch.select('technology', 'works_full', 'works').rows()}",
    )
    hand = {country: (works, fwci) for country, works, fwci in got["hand"]}
    assert hand["NL"] == pytest.approx((7 / 6, 13 / 7))
    # works with an author in the Netherlands, counted here with a plain loop
    counts: dict[str, int] = {}
    with gzip.open(data_path("demo_synthetic_works.jsonl.gz"), "rt", encoding="utf-8") as stream:
        for line in stream:
            work = json.loads(line)
            codes = {c for a in work["authorships"] for c in a["countries"]}
            if "NL" in codes and work["type"] != "preprint":
                topic = work["primary_topic"]["id"][-1]
                counts[topic] = counts.get(topic, 0) + 1
    found = {technology: full for technology, full, _ in got["dutch"]}
    assert found["all"] == sum(counts.values())
    assert found["quantum"] == counts["1"]


def test_innovation_chain_gives_the_interval_worked_by_hand_and_the_steps_of_its_shares(
    execute: Execute,
) -> None:
    got = execute("6_innovation_chain", "{'hand': by_hand, 'steps': steps.to_dicts()}")
    assert got["hand"] == [0.0198, 0.0613, 0.1029]
    rows = {(r["technology"], r["stage"]): r for r in got["steps"]}
    assert len(rows) == 33
    for (technology, stage), row in rows.items():
        assert row["share"] == pytest.approx(row["numerator"] / row["denominator"])
        first = rows[technology, "publications"]["share"]
        assert row["retention"] == pytest.approx(row["share"] / first), (technology, stage)
        assert row["declines"] is None


def test_complexity_of_published_services_trade_has_the_published_diversity(
    execute: Execute, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = shared_real() / "complexity_reference" / "services_2016"
    trade = pl.read_csv(folder / "services_trade_2016.csv.gz")
    trade.filter(pl.col("value") >= 0).write_csv(tmp_path / "trade.csv")  # one is below 0: refused
    monkeypatch.setenv("NETPOS_MATRIX", str(tmp_path / "trade.csv"))
    got = execute(
        "4_trade_complexity", "{'d': tables['countries'].select('country', 'diversity').rows()}"
    )
    published = dict(pl.read_csv(folder / "diversity.csv.gz").iter_rows())
    assert len(published) == 80
    assert dict(got["d"]) == published


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_calls_what_the_package_makes_public(path: Path) -> None:
    """`import netpos` and `netpos.<name>`; the list of definitions is the one exception."""
    import re

    import netpos

    for source in code(path):
        for name in re.findall(r"\bnetpos\.([A-Za-z_]+)", source):
            assert name in netpos.__all__ or name == "analysis", f"{path.name}: netpos.{name}"
