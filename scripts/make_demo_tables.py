"""Write the synthetic inputs beside the demo's patents: publications, patents that cite them,
companies, sectors, trade, and complexity of technologies.

Everything in them is invented; names of files say so, and so does every page made from them::

    python scripts/make_demo_tables.py
"""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
SEED = 20261129
TECHNOLOGIES = (
    "optical_photonics", "quantum", "process", "biomolecular_cell", "imaging", "mechatronics",
    "ai_data", "energy_materials", "semiconductor", "cybersecurity",
)  # fmt: skip
#: Country: weight in science, in companies; what a work is cited against the others.
COUNTRIES = {
    "US": (30, 40, 1.3), "CN": (30, 22, 0.9), "DE": (9, 7, 1.1), "GB": (8, 10, 1.3),
    "JP": (6, 4, 0.8), "FR": (5, 6, 1.0), "KR": (4, 3, 0.9), "NL": (5, 3, 1.4), "SE": (2, 2, 1.2),
    "AT": (1, 1, 1.0), "BE": (1, 1, 1.1), "DK": (1, 1, 1.2), "FI": (1, 1, 1.0),
}  # fmt: skip
SECTORS = {"machinery": 30, "pharma": 12, "ict": 55, "business services": 85, "trade": 690}
WORKS, COMPANIES = 450, 90


def main() -> None:
    """Write the files, the same bytes on every run."""
    draw = random.Random(SEED)
    works = publications(draw)
    _packed("works", works)
    _packed("citing", citing(random.Random(SEED + 1), works))
    for name, rows in (
        ("companies", companies(draw)), ("sectors", sectors(draw)), ("trade", trade(draw)),
        ("complexity", complexity(random.Random(SEED + 2))),
    ):  # fmt: skip
        text = "\n".join([*rows, ""])
        (DATA / f"demo_synthetic_{name}.csv").write_text(text, encoding="utf-8", newline="\n")


def complexity(draw: random.Random) -> list[str]:
    """Return a made-up complexity for each technology, 0 to 100."""
    return ["technology,complexity", *(f"{t},{draw.uniform(5, 95):.1f}" for t in TECHNOLOGIES)]


def _packed(name: str, records: list[dict[str, object]]) -> None:
    lines = "".join(json.dumps(r, separators=(",", ":")) + "\n" for r in records)
    packed = gzip.compress(lines.encode(), mtime=0)
    (DATA / f"demo_synthetic_{name}.jsonl.gz").write_bytes(packed)


def citing(draw: random.Random, works: list[dict[str, object]]) -> list[dict[str, object]]:
    """Every third of the demo's patents, naming up to four of the works, those of home rather."""
    home: dict[str, list[dict[str, object]]] = {}
    for work in works:
        for code in {c for a in work["authorships"] for c in a["countries"]}:
            home.setdefault(code, []).append(work)
    with gzip.open(DATA / "demo_synthetic_lens.jsonl.gz", "rt", encoding="utf-8") as file:
        # some of its lines are damaged on purpose
        whole = [line for line in file if line.startswith('{"') and line.endswith("}\n")]
    patents = [json.loads(line) for line in whole[::3]]
    for patent in patents:
        listed = patent["biblio"].get("parties", {}).get("applicants", [])
        code = next((a["residence"] for a in listed if a.get("residence")), "US")
        named = []
        for _ in range(draw.choice((0, 0, 1, 2, 4))):
            work = draw.choice(home.get(code, works) if draw.random() < 0.25 else works)
            named.append({"nplcit": {"text": "made up", "external_ids": [work["doi"]]}})
        if draw.random() < 0.4:
            named.append({"nplcit": {"text": "made up, without an identifier"}})
        patent["biblio"].pop("cited_by", None)
        patent["biblio"]["references_cited"] = {"citations": named}
    return patents


def publications(draw: random.Random) -> list[dict[str, object]]:
    """Works in the form of OpenAlex, the technology being the topic."""
    codes, weights = list(COUNTRIES), [w for w, _, _ in COUNTRIES.values()]
    found: list[dict[str, object]] = []
    for number, technology in enumerate(TECHNOLOGIES):
        for _ in range(WORKS):
            year = draw.randint(2015, 2024)
            authors = [draw.choices(codes, weights)[0] for _ in range(draw.randint(1, 5))]
            home = authors[0]
            authors = [home if draw.random() < 0.7 else code for code in authors]
            known = draw.random() < 0.9
            mean = draw.lognormvariate(1.6, 1.0) * COUNTRIES[home][2]
            counts = [
                {"year": year + k, "cited_by_count": round(mean * part)}
                for k, part in enumerate((0.1, 0.3, 0.35, 0.25))
                if year + k <= 2025
            ]
            kind = draw.choices(["article", "review", "preprint"], [85, 10, 5])[0]
            found.append(
                {
                    "id": f"https://openalex.org/W99{len(found):08}", "publication_year": year,
                    "type": kind, "cited_by_count": sum(c["cited_by_count"] for c in counts),
                    "counts_by_year": counts,
                    "primary_topic": {"id": f"https://openalex.org/T9900{number}"},
                    "doi": f"https://doi.org/10.5555/synthetic.{len(found)}",
                    "title": f"Synthetic work on {technology}",
                    "authorships": [{"countries": [c] if known else []} for c in authors],
                }
            )  # fmt: skip
    return found


def companies(draw: random.Random) -> list[str]:
    """Companies with the funding that they raised."""
    codes, weights = list(COUNTRIES), [w for _, w, _ in COUNTRIES.values()]
    rows = ["company_id,country,technology,founded,status,funding_usd_m,unicorn,as_of"]
    for technology in TECHNOLOGIES:
        for k in range(COMPANIES):
            country = draw.choices(codes, weights)[0] if draw.random() < 0.96 else ""
            funding = round(draw.lognormvariate(1.5, 1.6), 2)
            unicorn = "yes" if funding > 250 else "no"
            shown = f"{funding}" if draw.random() < 0.93 else ""
            status = draw.choices(["active", "closed", "acquired"], [90, 6, 4])[0]
            year = draw.randint(1984, 2024)
            name = f"{technology}-{k:03}"
            rows.append(
                f"{name},{country},{technology},{year},{status},{shown},{unicorn},2025-11-01"
            )
    return rows


def sectors(draw: random.Random) -> list[str]:
    """Value added and R&D of five sectors in four countries."""
    rows = ["country,year,sector,value_added,berd,gdp"]
    spent = {"machinery": 0.08, "pharma": 0.2, "ict": 0.05, "business services": 0.02}
    for country in ("NL", "DE", "SE", "BE"):
        own = {s: draw.uniform(0.7, 1.3) for s in SECTORS}
        level = {s: draw.uniform(0.6, 1.4) for s in SECTORS}
        for year in range(2015, 2024):
            for sector, size in SECTORS.items():
                added = size * own[sector] * draw.uniform(0.97, 1.03)
                berd = added * spent.get(sector, 0.002) * level[sector] * draw.uniform(0.95, 1.05)
                rows.append(f"{country},{year},{sector},{added:.2f},{berd:.3f},1200")
    return rows


def trade(draw: random.Random) -> list[str]:
    """Trade of the countries in sixty products, of which few can be made by few."""
    rows = ["country,product,value"]
    able = {c: 0.25 + 0.7 * draw.random() for c in COUNTRIES}
    for k in range(60):
        hard = k / 60
        for country, (size, _, _) in COUNTRIES.items():
            if draw.random() < able[country] + 0.3 - hard * (1.2 - able[country]):
                value = size * draw.lognormvariate(3, 0.9)
                rows.append(f"{country},P{k:02},{value:.1f}")
    return rows


if __name__ == "__main__":
    main()
