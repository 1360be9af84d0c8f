"""Commands that take the user's own tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from netpos.cli.app import Out, app, errors, reachable, say, tell
from netpos.cli.options import ONE_COUNTRY, Given, with_options


@app.command()
@with_options("focal", "benchmark", "lang", "png")
def links(
    file: Annotated[
        Path, typer.Argument(help="citing,cited,weight[,technology,period].", callback=reachable)
    ],
    out: Out,
    families: Annotated[
        Path | None,
        typer.Option(
            "--families",
            metavar="FILE",
            help="country,families[,technology,period].",
            callback=reachable,
        ),
    ] = None,
    year: Annotated[
        int, typer.Option("--year", metavar="YEAR", help="Reference year of memberships.")
    ] = 2025,
    *,
    given: Given,
) -> None:
    """Make indicators, tables, maps, a page and a workbook from your own link table.

    Example: netpos links flows.csv --families sizes.csv --out results --focal NL
    """
    from netpos import options
    from netpos.commands import links as userdata

    with errors():
        chosen = options.make(given)
        page = userdata.analyse_links(
            file,
            out,
            focal=chosen.focal,
            families=families,
            year=year,
            benchmark=chosen.benchmark,
            lang=chosen.lang,
            png=chosen.png,
            report=say,
        )
        tell(page)


@app.command()
@with_options("lang", "png")
def complexity(
    file: Annotated[Path, typer.Argument(help="country,product,value[,year].", callback=reachable)],
    out: Out,
    focal: Annotated[
        str | None,
        typer.Option(
            "--focal",
            metavar="CODE",
            help="List the products of this row, code or name of the matrix.",
        ),
    ] = None,
    names: Annotated[
        Path | None,
        typer.Option("--names", metavar="FILE", help="CSV product,name.", callback=reachable),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", metavar="N", help="Length of each list.", min=1)
    ] = 10,
    mix: Annotated[
        str,
        typer.Option("--mix", metavar="A/B/C", help="Weights of nearness, complexity and gain."),
    ] = "50/15/35",
    candidates: Annotated[
        str,
        typer.Option(
            "--candidates",
            metavar="missing|all",
            help="Opportunities among products with RCA below 1, or all.",
        ),
    ] = "missing",
    least_share: Annotated[
        float,
        typer.Option(
            "--least-share",
            metavar="PERCENT",
            help="Least part of the own total of a complex product, %.",
        ),
    ] = 0.01,
    specialised: Annotated[
        bool, typer.Option("--specialised", help="Complex products with RCA of at least 1 only.")
    ] = False,
    sign: Annotated[
        str,
        typer.Option(
            "--sign",
            metavar="diversity|ubiquity|agreed",
            help="Rule for the sign of ECI and PCI; agreed: nothing where the two contradict.",
        ),
    ] = "agreed",
    regions: Annotated[
        str | None,
        typer.Option(
            "--regions", metavar="CODES", help="Keep regions whose code begins so, as NL,BE."
        ),
    ] = None,
    least: Annotated[
        float,
        typer.Option(
            "--min-families",
            metavar="N",
            help="Leave out regions, mark countries, with less.",
            min=0,
        ),
    ] = 50,
    *,
    given: Given,
) -> None:
    """Compute RCA, ECI, PCI, fitness, relatedness and opportunity from your own matrix, e.g. trade.

    Example: netpos complexity trade.csv --out results --focal NL
    """
    from netpos import options
    from netpos.commands import complexity as matrix

    with errors():
        by: Any = sign
        both = options.make(given)
        tell(
            matrix.analyse_matrix(
                file,
                out,
                focal=focal,
                names=names,
                chosen=matrix.choices(
                    top=top,
                    mix=mix,
                    candidates=candidates,
                    least_share=least_share,
                    specialised=specialised,
                ),
                sign=by,
                regions=regions,
                least=least,
                lang=both.lang,
                png=both.png,
                report=say,
            )
        )


@app.command()
@with_options("focal", "lang", "png", says=ONE_COUNTRY)
def intensity(
    file: Annotated[
        Path,
        typer.Argument(
            help="country,year,sector,value_added,berd[,gdp,currency].", callback=reachable
        ),
    ],
    out: Out,
    benchmark: Annotated[
        str,
        typer.Option(
            "--benchmark", metavar="SET|CODES", help="Countries compared with: codes, or a set."
        ),
    ] = "eu27",
    base: Annotated[
        str,
        typer.Option("--base", metavar="gdp|value-added", help="What weights divide by."),
    ] = "gdp",
    pooled: Annotated[
        bool, typer.Option("--pooled", help="Add the benchmark up instead of taking its mean.")
    ] = False,
    benchmark_set: Annotated[
        str,
        typer.Option(
            "--benchmark-set",
            metavar="fixed|each-year",
            help="The same countries each year, or those that are there.",
        ),
    ] = "fixed",
    sectors: Annotated[
        Path | None,
        typer.Option(
            "--sectors", metavar="FILE", help="CSV sector,group: merge sectors.", callback=reachable
        ),
    ] = None,
    variant: Annotated[
        str, typer.Option("--variant", metavar="A|B|C|D", help="The one in the figures.")
    ] = "A",
    *,
    given: Given,
) -> None:
    """Explain why business spends more or less on R&D than elsewhere: structure and intrinsic part.

    Example: netpos intensity sectors.csv --focal NL --benchmark DE,FR,SE --out results
    """
    from netpos import options
    from netpos.commands.intensity import analyse_intensity

    with errors():
        chosen = options.make(given)
        tell(
            analyse_intensity(
                file,
                out,
                focal=chosen.focal,
                benchmark=benchmark,
                base=base,
                pooled=pooled,
                benchmark_set=benchmark_set,
                merge=sectors,
                variant=variant,
                lang=chosen.lang,
                png=chosen.png,
                report=say,
            )
        )


@app.command()
@with_options("focal", "draws", "seed", "lang", "png", says=ONE_COUNTRY)
def companies(
    file: Annotated[
        Path,
        typer.Argument(
            help="company_id,country,technology,founded,status,funding_usd_m.", callback=reachable
        ),
    ],
    out: Out,
    founded_after: Annotated[
        int,
        typer.Option(
            "--founded-after", metavar="YEAR", help="Last year of founding that does not count."
        ),
    ] = 1990,
    threshold: Annotated[
        float,
        typer.Option(
            "--threshold", metavar="N", help="Millions raised from which on a scale-up.", min=0
        ),
    ] = 10.0,
    currency: Annotated[
        str,
        typer.Option(
            "--currency",
            metavar="CODE",
            help="Of the threshold; a table in another is refused.",
        ),
    ] = "USD",
    employees: Annotated[
        int | None,
        typer.Option(
            "--employees",
            metavar="N",
            help="Instead of funding: scale-ups have more employees than so.",
            min=0,
        ),
    ] = None,
    *,
    given: Given,
) -> None:
    """Compare start-ups, scale-ups and their funding, of a country and of others, by technology.

    Example: netpos companies companies.csv --focal NL --out results
    """
    from netpos import options
    from netpos.commands.companies import analyse_companies
    from netpos.innovation.companies import Rule

    with errors():
        chosen = options.make(given)
        tell(
            analyse_companies(
                file,
                out,
                focal=chosen.focal,
                rule=Rule(founded_after, threshold, employees),
                currency=currency,
                draws=chosen.draws,
                seed=chosen.seed,
                lang=chosen.lang,
                png=chosen.png,
                report=say,
            )
        )


@app.command()
@with_options("focal", "from", "to", "periods", "lang", "png", says=ONE_COUNTRY)
def science(
    out: Out,
    works: Annotated[
        list[Path] | None,
        typer.Argument(help="Works of OpenAlex or Lens, told apart by --technologies."),
    ] = None,
    technology: Annotated[
        list[str] | None,
        typer.Option("--technology", metavar="ID=FILE", help="An export of one technology."),
    ] = None,
    technologies: Annotated[
        Path | None,
        typer.Option(
            "--technologies",
            metavar="FILE",
            help="Technologies by topics, fields and terms, TOML.",
            callback=reachable,
        ),
    ] = None,
    totals: Annotated[
        Path | None,
        typer.Option(
            "--totals",
            metavar="FILE",
            help="CSV country,works[,year] of all science: gives rai.",
            callback=reachable,
        ),
    ] = None,
    researchers: Annotated[
        Path | None,
        typer.Option(
            "--researchers", metavar="FILE", help="CSV country,year,fte.", callback=reachable
        ),
    ] = None,
    aggregates: Annotated[
        Path | None,
        typer.Option(
            "--aggregates",
            metavar="FILE",
            help="Instead of works: technology,country,year,type,works,citations.",
            callback=reachable,
        ),
    ] = None,
    benchmark: Annotated[
        str,
        typer.Option(
            "--benchmark", metavar="SET|CODES", help="Countries compared with: codes, or a set."
        ),
    ] = "report-4.1",
    window: Annotated[
        str,
        typer.Option(
            "--window", metavar="YEARS|none", help="Years in which citations count, where known."
        ),
    ] = "4",
    counting: Annotated[
        str,
        typer.Option(
            "--counting",
            metavar="fractional|country-unique|full",
            help="How a work of several countries is counted: by authors, by countries, in each.",
        ),
    ] = "fractional",
    types: Annotated[
        str, typer.Option("--types", metavar="TYPES", help="Types of works that count.")
    ] = "article,review,conference",
    min_cell: Annotated[
        int,
        typer.Option("--min-cell", metavar="N", help="Works below which a cell is pooled.", min=1),
    ] = 30,
    *,
    given: Given,
) -> None:
    """Count publications: output, impact, specialisation of a country by technology.

    Example: netpos science --technology quantum=works.jsonl.gz --focal NL --out results
    """
    from netpos import options
    from netpos.commands import science as knowledge

    with errors():
        chosen = options.make(given)
        tell(
            knowledge.analyse_science(
                works or [],
                out,
                knowledge.Choices(
                    focal=chosen.focal,
                    benchmark=benchmark,
                    periods=tuple(chosen.spans()),
                    window=knowledge.parse_window(window),
                    types=knowledge.parse_types(types),
                    min_cell=min_cell,
                    totals=totals,
                    researchers=researchers,
                    aggregates=aggregates,
                    counting=counting,
                    lang=chosen.lang,
                    png=chosen.png,
                ),
                technologies=technology or [],
                definitions=technologies,
                report=say,
            )
        )


@app.command()
@with_options("focal", "lang", "png", says=ONE_COUNTRY)
def chain(
    out: Out,
    science: Annotated[
        Path | None,
        typer.Option(
            "--science", metavar="RESULTS", help="Results of netpos science.", callback=reachable
        ),
    ] = None,
    patents: Annotated[
        Path | None,
        typer.Option(
            "--patents", metavar="RESULTS", help="Results of netpos run.", callback=reachable
        ),
    ] = None,
    companies: Annotated[
        Path | None,
        typer.Option(
            "--companies",
            metavar="RESULTS",
            help="Results of netpos companies.",
            callback=reachable,
        ),
    ] = None,
    *,
    given: Given,
) -> None:
    """Follow a country's share from publications over patents to companies.

    Example: netpos chain --science s --patents results --companies c --out chain
    """
    from netpos import options
    from netpos.commands.chain import analyse_chain

    with errors():
        chosen = options.make(given)
        tell(
            analyse_chain(
                out,
                science=science,
                patents=patents,
                companies=companies,
                focal=chosen.focal,
                lang=chosen.lang,
                png=chosen.png,
                report=say,
            )
        )
