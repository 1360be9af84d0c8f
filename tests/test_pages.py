"""The pages of a run in a real browser with the network off: what loads, runs and is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from netpos.cli import app
from tests.lens import FAST, record, write

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script> href"


def test_demo_names_the_page_and_says_synthetic_on_every_page(demo: Path) -> None:
    pages = [demo / "index.html", *sorted((demo / "maps").glob("*.html"))]
    assert len(pages) >= 12
    for page in pages:
        assert "ynthetic" in page.read_text(encoding="utf-8"), page.name


def test_pages_name_no_other_host(demo: Path) -> None:
    page = (demo / "index.html").read_text(encoding="utf-8")
    named = set(re.findall(r"https?://[^\s\"'<>]+", page))
    assert named <= {"http://www.w3.org/2000/svg"}  # the name of SVG, which nothing fetches


def test_hostile_names_of_technologies_are_shown_as_text(tmp_path: Path) -> None:
    toml = tmp_path / "t.toml"
    toml.write_text(
        f"""[[technology]]\nid = "x"\nname_en = '{HOSTILE}'\nipc = ["G06N10/"]\n""",
        encoding="utf-8",
    )
    path = write(
        tmp_path / "<b>h.jsonl",
        [
            record(1, applicants=[(HOSTILE, "NL")], cites=[2]),
            record(2, applicants=[(HOSTILE, "US")]),
        ],
    )
    out = tmp_path / "o"
    arguments = ["run", str(path), "--out", str(out), "--technologies", str(toml), *FAST]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "<script" not in page
    assert "&lt;img src=x onerror" in page
    assert "<b>h.jsonl" not in page


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["index.html", "maps/quantum.html", "maps/all.html"])
def test_page_loads_offline_without_requests_or_errors(demo: Path, name: str, browser) -> None:
    context = browser.new_context(offline=True, viewport={"width": 1400, "height": 900})
    page = context.new_page()
    requests: list[str] = []
    errors: list[str] = []
    page.on("request", lambda r: requests.append(r.url))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto((demo / name).as_uri())
    page.wait_for_timeout(500)
    assert errors == []
    assert requests == [(demo / name).as_uri()]
    assert page.locator("h1").first.inner_text().strip()
    context.close()


@pytest.mark.e2e
def test_overview_shows_the_numbers_of_the_table(demo: Path, browser) -> None:
    import polars as pl

    table = (
        pl.read_csv(demo / "tables" / "countries.csv")
        .filter(
            (pl.col("technology") == "semiconductor")
            & (pl.col("period") == "all")
            & (pl.col("country") == "NL")
        )
        .row(0, named=True)
    )
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((demo / "index.html").as_uri())
    shown = {
        column: page.locator(f'[data-cell="countries|semiconductor|all|NL|{column}"]').first
        for column in ("families", "received", "balance_ratio")
    }
    assert shown["families"].inner_text().startswith(f"{table['families']:,.1f}")
    assert shown["received"].inner_text().startswith(f"{table['received']:,.1f}")
    balance = shown["balance_ratio"].inner_text().replace("−", "-")
    assert balance.startswith(f"{table['balance_ratio']:.2f}")
    context.close()
