"""Complexity of technologies from the subclasses that their families carry.

With ten technologies a complexity index has ten columns and means little. It is therefore computed
on subclasses of the classification (G06N, H01L, ...), of which there are some 650, and averaged
onto the technologies. The matrix of countries and subclasses is the user's own, of all patenting;
or, where asked for by name, that of the export, which is a selection and is called one.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from netpos.analysis.study import Span, Study
from netpos.errors import InputError, OptionError
from netpos.indicators.bipartite import Complexity
from netpos.indicators.complexity import complexity_of, eci_pci, relative_complexity
from netpos.indicators.specialisation import presence, rca
from netpos.ingest.sheets import Field, once, plain, read_sheet, take
from netpos.ingest.user_tables import read_matrix_of
from netpos.options import EXPORT, Options
from netpos.tables import rounded

#: What a classification subclass looks like.
_SUBCLASS = r"^[A-HY]\d\d[A-Z]$"
_GIVEN = (
    Field("technology", "text", True, True, ("technology_id", "tech")),
    Field("complexity", "text", True, False),
)
_UNKNOWN = ("NA", "NaN", "nan")
#: In a basis: why no number stands beside it.
_OPEN = "not given, since these contradict each other"


def technology_complexity(study: Study) -> pl.DataFrame:
    """Return the complexity of each technology and what it is computed from.

    Returns
    -------
    pl.DataFrame
        ``technology``, ``complexity``, ``complexity_matrix`` Float64, ``complexity_basis`` String,
        one row per listed technology. As given by the user (basis ``given``); or, from a matrix,
        0 for the least and 100 for the most complex technology of the list: the mean PCI of
        subclasses, weighted with the technology's families in each
        (`netpos.indicators.complexity.complexity_of`), brought to that scale. ``complexity_matrix``
        brings the subclasses of the matrix to 0 to 100 first and then takes the mean: there 50 is
        the middle of the matrix, not of the list. The basis says whose matrix, how large it is and
        what gives the index its sign. Null without a basis; both numbers are null where the two
        rules for the sign contradict each other and none was chosen.

    Raises
    ------
    InputError
        The user's file cannot be used.
    """
    ids = pl.DataFrame({"technology": [t.id for t in study.technologies]})
    source = study.options.complexity
    if source is None:
        return _empty(ids)
    span = (study.options.first, study.options.last)
    if source == EXPORT:
        matrix = export_matrix(study, span)
        return _from_matrix(study, ids, matrix, "selection", "countries in this export")
    path = Path(source)
    if "complexity" in {plain(c) for c in read_sheet(path).columns}:
        given = read_complexity(path)
        basis = pl.when(pl.col("complexity").is_not_null()).then(pl.lit("given"))
        names = pl.DataFrame({"technology": study.names})
        joined = names.join(given, on="technology", how="left", maintain_order="left")
        none = pl.lit(None, pl.Float64)
        return joined.with_columns(complexity_matrix=none, complexity_basis=basis)
    matrix, rows = _given_matrix(path, span, study.options)
    return _from_matrix(study, ids, matrix, "matrix", f"{rows} in {path.name}")


def complexity_warnings(technologies: pl.DataFrame) -> list[str]:
    """Say where complexity is withheld because its sign is open.

    Parameters
    ----------
    technologies
        ``complexity_basis`` String, as in ``technologies.csv``.
    """
    basis = technologies["complexity_basis"].drop_nulls()
    if not basis.str.contains(_OPEN, literal=True).any():
        return []
    return [
        "Complexity is not given: the two rules for its sign contradict each other (ECI rises with "
        "diversity, PCI falls with ubiquity); choose one with --complexity-sign."
    ]


def _empty(ids: pl.DataFrame) -> pl.DataFrame:
    none = pl.lit(None, pl.Float64)
    basis = pl.lit(None, pl.String)
    return ids.with_columns(complexity=none, complexity_matrix=none, complexity_basis=basis)


def check_complexity(options: Options) -> None:
    """Read the file of ``--complexity``, if one is named, to see that it can be used.

    Raises
    ------
    InputError, OptionError
        It cannot, or not with the options on regions.
    """
    if options.complexity in (None, EXPORT):
        return
    path = Path(str(options.complexity))
    if "complexity" in {plain(c) for c in read_sheet(path).columns}:
        read_complexity(path)
    else:
        _given_matrix(path, (options.first, options.last), options)


def read_complexity(path: Path) -> pl.DataFrame:
    """Read the complexity of technologies from elsewhere.

    Parameters
    ----------
    path
        ``technology`` (technology_id, tech), ``complexity`` [any scale, also negative; empty where
        not known].

    Returns
    -------
    pl.DataFrame
        ``technology`` String, ``complexity`` Float64, sorted.

    Raises
    ------
    InputError
        The file cannot be read or lacks a column, a technology occurs twice, a value is no number.
    """
    sheet = read_sheet(path)
    rows = take(sheet, list(_GIVEN))
    values: list[float | None] = []
    for line, text in rows.select("line", "complexity").iter_rows():
        if text is None or text in _UNKNOWN:
            values.append(None)
            continue
        number = text.replace(",", ".") if sheet.comma else text
        if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", number):
            problem = f"complexity is '{text}', not a number"
            raise InputError(problem, file=path, line=line, remedy="write plain numbers, as 61.5")
        values.append(float(number))
    complexity = pl.Series("complexity", values, dtype=pl.Float64)
    return once(sheet, rows.with_columns(complexity), ["technology"])


def export_matrix(study: Study, span: Span) -> pl.DataFrame:
    """Return families of each country in each subclass, over all seed families of the corpus.

    Returns
    -------
    pl.DataFrame
        ``country``, ``product`` String, ``value`` Float64 > 0 [families by the counting rule; a
        family counts once in each of its subclasses], for families of the span, whether they are
        in a listed technology or not.
    """
    n = study.families
    seed = np.zeros(study.rows, dtype=bool)
    seed[:n] = (study.corpus.columns("families", "role")["role"] == "seed").to_numpy()
    chosen = seed & study.in_span(span)
    held = _held(study)
    held = held.filter(pl.Series(chosen[held["family"].to_numpy()]))
    names = held["product"].unique().sort().to_list()
    at = held["product"].replace_strict(names, list(range(len(names))), return_dtype=pl.Int64)
    inside = csr_array(
        (np.ones(held.height), (held["family"].to_numpy(), at.to_numpy())),
        shape=(study.rows, len(names)),
    )
    counts = (study.shares.matrix.T @ inside).tocoo()
    countries, products = (
        pl.Series(study.shares.names, dtype=pl.String),
        pl.Series(names, dtype=pl.String),
    )
    return pl.DataFrame(
        {
            "country": countries.gather(counts.coords[0]),
            "product": products.gather(counts.coords[1]),
            "value": counts.data,
        }
    ).sort("country", "product")


def _held(study: Study) -> pl.DataFrame:
    """Family and subclass, each pair once, sorted."""
    table = study.corpus.scan("classifications")
    if study.options.symbols == "ipc":
        table = table.filter(pl.col("scheme").cast(pl.String) == "IPC")
    return (
        table.select("family", product=pl.col("symbol").cast(pl.String).str.slice(0, 4))
        .filter(pl.col("product").str.contains(_SUBCLASS))
        .unique()
        .sort("family", "product")
        .collect()
    )


def _given_matrix(path: Path, span: Span, options: Options) -> tuple[pl.DataFrame, str]:
    """Return the user's matrix of all patenting, its years within the span added up, and what it
    has.
    """
    matrix, kind = read_matrix_of(path)
    matrix = matrix.with_columns(pl.col("product").str.to_uppercase())
    wrong = matrix.filter(~pl.col("product").str.contains(_SUBCLASS))
    if wrong.height:
        problem = f"product '{wrong['product'][0]}' is no subclass of the classification"
        remedy = "give country,subclass,families with subclasses as G06N, or technology,complexity"
        raise InputError(problem, file=path, remedy=remedy)
    if "year" in matrix.columns:
        matrix = matrix.filter(pl.col("year").is_between(*span))
    matrix = (
        matrix.group_by("country", "product")
        .agg(pl.col("value").fill_null(0.0).sort().sum())
        .sort("country", "product")
    )
    if kind == "countries":
        if options.regions is not None:
            problem = f"--regions: the rows of {path.name} are not called regions"
            raise OptionError(problem, remedy="call their column 'region', or drop the option")
        return matrix, kind
    if options.regions is not None:
        heads = [head.strip() for head in options.regions.split(",") if head.strip()]
        begins = [pl.col("country").str.starts_with(head) for head in heads]
        matrix = matrix.filter(pl.any_horizontal(begins or [pl.lit(value=False)]))
    total = pl.col("value").sort().sum().over("country")
    matrix = matrix.filter(total >= options.min_families)
    if matrix["country"].n_unique() < 2:
        remedy = "lower --min-families, or widen --regions"
        raise InputError("fewer than two regions are left", file=path, remedy=remedy)
    return matrix, kind


def _from_matrix(
    study: Study, ids: pl.DataFrame, matrix: pl.DataFrame, kind: str, source: str
) -> pl.DataFrame:
    """PCI of the subclasses, averaged onto the technologies."""
    size = (matrix["product"].n_unique(), matrix["country"].n_unique())
    if min(size) < 2:
        return _empty(ids)
    cells = presence(
        rca(matrix, product="product", value="value"), product="product", value="value"
    )
    index = eci_pci(cells, sign=study.options.complexity_sign, product="product")
    pci = relative_complexity(index.products)
    held = _held(study)
    span = (study.options.first, study.options.last)
    weights = []
    for technology in study.technologies:
        chosen = study.chosen(technology.id, span)
        mine = held.filter(pl.Series(chosen[held["family"].to_numpy()]))
        weights.append(
            mine.group_by("product")
            .agg(families=pl.len().cast(pl.Float64))
            .select(pl.lit(technology.id).alias("technology"), "product", "families")
        )
    table = pl.concat(weights)
    if not table.height:
        return _empty(ids)
    mean = complexity_of(table, pci, column="pci", product="product")
    scaled = relative_complexity(mean.rename({"complexity": "mean"}), column="mean")
    whole = complexity_of(table, pci, product="product")
    sums = matrix.group_by("country").agg(pl.col("value").sort().sum())["value"]
    few = int((sums < study.options.min_families).sum())
    open_sign = not index.rules_agree and study.options.complexity_sign == "agreed"
    basis = pl.format(
        "{}: {} subclasses, {} {}{}; known for {} % of the families' subclasses; {}{}",
        pl.lit(kind),
        pl.lit(size[0]),
        pl.lit(size[1]),
        pl.lit(source),
        pl.lit(f" ({few} with fewer than {study.options.min_families} families)" if few else ""),
        (pl.col("known_share") * 100).round(0).cast(pl.Int64),
        pl.lit(_signs(index)),
        pl.lit(f"; {_OPEN}" if open_sign else ""),
    )
    found = (
        scaled.select("technology", complexity="complexity_0_100")
        .join(whole.select("technology", complexity_matrix="complexity"), on="technology")
        .join(mean.select("technology", "known_share"), on="technology")
        .with_columns(pl.col("known_share").fill_null(0.0))
    )
    said = pl.lit(open_sign) | pl.col("complexity").is_not_null()
    found = found.with_columns(complexity_basis=pl.when(said).then(basis)).drop("known_share")
    return rounded(ids.join(found, on="technology", how="left", maintain_order="left"))


def _signs(index: Complexity) -> str:
    """Return the two correlations that give the index its sign."""
    given = (
        ("ECI with diversity", index.with_diversity),
        ("PCI with ubiquity", index.with_ubiquity),
    )
    return ", ".join(f"{name} {'-' if r is None else format(r, '.2f')}" for name, r in given)
