"""The whole export as one technology, from the exports to the page."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from netpos.commands import explain
from netpos.commands import run as pipeline
from netpos.options import make
from tests.commands.small_runs import SEEDS, TWO
from tests.lens import write


def test_the_whole_export_as_one_technology_is_the_union_of_a_list_that_misses_none(
    tmp_path: Path,
) -> None:
    definitions = tmp_path / "two.toml"
    definitions.write_text(TWO, encoding="utf-8")  # every family of the seeds is in one of them
    exports = [write(tmp_path / "s.jsonl", SEEDS)]
    given = {"draws": 0, "figures": False, "compare_with": "US"}
    whole = pipeline.run(exports, tmp_path / "w", make({"technologies": "all", **given})).parent
    listed = pipeline.run(
        exports, tmp_path / "l", make({"technologies": str(definitions), "tables_only": True})
    ).parent.parent
    for name in ("countries", "organisations", "links", "technologies", "coverage"):
        mine = pl.read_parquet(whole / "tables" / f"{name}.parquet")
        assert mine["technology"].unique().to_list() == ["all"], name
        union = pl.read_parquet(listed / "tables" / f"{name}.parquet")
        union = union.filter(pl.col("technology") == "all")
        # value is relative to other families of the same technologies; the rest is not
        kept = [c for c in mine.columns if "value" not in c and c in union.columns]
        kept = [c for c in kept if not c.endswith(("_low", "_high"))]
        assert mine.height > 1
        assert mine.select(kept).rows() == union.select(kept).rows(), name
    assert pl.read_parquet(whole / "tables" / "countries.parquet")["rca_within"].is_null().all()
    for page in ("index.html", "comparison.html", "dependence.html"):
        text = (whole / page).read_text(encoding="utf-8")
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(ids) == len(set(ids)), page
        assert "All patents of the exports" in text
        assert "All technologies together" not in text
    assert sorted(p.name for p in (whole / "maps").iterdir()) == [
        "all-organisations.html",
        "all.html",
    ]
    families = explain.explain(whole, country="NL")
    assert (
        families.value
        == pl.read_parquet(whole / "tables" / "countries.parquet")
        .filter((pl.col("country") == "NL") & (pl.col("period") == "all"))["families"]
        .item()
    )
