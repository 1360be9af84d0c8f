"""Markets: where the members of a family are in force or pending, and how large they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos import countries
from netpos.errors import OptionError, TableError
from netpos.graph.links import Mask
from netpos.tables import Schema, require

_EPC = (
    "AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MC ME MK MT NL NO PL "
    "PT RO RS SE SI SK SM TR"
)

EpMarkets = Literal["three", "six", "all"]

#: Countries that a European patent stands for: most are validated in few of the states of the EPC,
#: and which ones is not in an export. ``all`` are the contracting states (2025).
EP_MARKETS: Mapping[str, tuple[str, ...]] = {
    "three": ("DE", "FR", "GB"),
    "six": ("DE", "ES", "FR", "GB", "IT", "NL"),
    "all": tuple(_EPC.split()),
}
#: Weights of a pending application under which a rank must hold.
PENDING = (1.0, 0.5)
#: What is counted where nothing else is said.
DEFAULT: tuple[EpMarkets, float] = ("three", 1.0)
#: Relative error taken for an income whose note states none.
UNSTATED_ERROR = 0.1
_ALIVE, _DEAD = ("ACTIVE", "PATENTED"), ("EXPIRED", "INACTIVE", "DISCONTINUED")
#: What is needed of the publications.
DOCUMENTS: Schema = {
    "family": pl.Int32,
    "office": pl.String,
    "published": pl.Date,
    "granted": pl.Boolean,
    "legal_status": pl.String,
    "application_date": pl.Date,
    "grant_date": pl.Date,
    "term_date": pl.Date,
    "discontinued_date": pl.Date,
    "form": pl.String,
}


def market_weights(gni: pl.DataFrame | None = None) -> pl.DataFrame:
    """Compute the size of each market against that of the United States.

    Parameters
    ----------
    gni
        As `netpos.countries.gni` returns it. Default: the shipped table.

    Returns
    -------
    ``country``; ``weight`` [US = 1]; ``error`` Float64, relative, of the country's own income
    (`UNSTATED_ERROR` where its note states none). Countries without a row weigh nothing.

    Raises
    ------
    TableError
        The United States are missing.

    Examples
    --------
    >>> market_weights().filter(pl.col("country").is_in(["DE", "US"]))["weight"].round(6).to_list()
    [0.169419, 1.0]
    """
    table = countries.gni() if gni is None else gni
    require(table, {"country": pl.String, "gni_busd": pl.Float64, "error": pl.Float64}, name="gni")
    base = table.filter(pl.col("country") == "US")["gni_busd"]
    if len(base) != 1:
        raise TableError("table 'gni' has no row for US, the unit of all markets")
    return table.select(
        "country",
        weight=pl.col("gni_busd") / base.item(),
        error=pl.col("error").fill_null(UNSTATED_ERROR),
    ).sort("country")


def _expired(data_date: pl.Expr) -> pl.Expr:
    return pl.coalesce("application_date", "published").dt.offset_by("20y") <= data_date


def live_markets(
    documents: pl.DataFrame,
    *,
    data_date: dt.date,
    day: dt.date | None = None,
    ep: EpMarkets = "three",
    pending: float = 1.0,
) -> pl.DataFrame:
    """Tell where each family is in force or pending.

    A member counts with its legal status: 1 when ACTIVE or PATENTED, ``pending`` when PENDING, 0
    when EXPIRED, INACTIVE or DISCONTINUED; of UNKNOWN or no status 1 within 20 years of filing.
    A national office is the market of its country, EP of the countries in `EP_MARKETS`; an
    international application (WO) and the other regional offices have no market of their own.
    Each country counts once per family, with its best member.

    On an earlier ``day`` dates decide: a member counts from its publication, with ``pending`` until
    its grant and 1 from then on, until it was discontinued or its term ended. One that is dead
    today without a date of its end in the data counts on no earlier day either.

    Parameters
    ----------
    documents
        Publications with ``family, office, published, granted, legal_status, application_date,
        grant_date, term_date, discontinued_date, form``.
    data_date
        The day on which the statuses hold.
    day
        An earlier day. Default: the data date.
    ep
        Which countries a European patent stands for.
    pending
        Weight of an application, 0 to 1.

    Returns
    -------
    ``family, market, part`` [0 < part <= 1], and ``unknown``: the status behind it is not known;
    sorted by family and market.

    Raises
    ------
    OptionError
        ``ep`` is unknown, ``pending`` is not between 0 and 1, ``day`` lies behind the data date.
    TableError
        A column is missing.
    """
    require(documents, DOCUMENTS, name="documents")
    if ep not in EP_MARKETS:
        remedy = f"choose {', '.join(get_args(EpMarkets))}"
        raise OptionError(f"EP markets '{ep}' are unknown", remedy=remedy)
    if not 0 <= pending <= 1:
        raise OptionError(f"weight of pending applications is {pending}", remedy="use 0 to 1")
    if day is not None and day > data_date:
        raise OptionError(f"day {day} lies behind the data date {data_date}")
    status = pl.col("legal_status").fill_null("UNKNOWN")
    alive, dead = status.is_in(_ALIVE), status.is_in(_DEAD)
    waiting = status == "PENDING"
    unknown = ~(alive | dead | waiting)
    today = pl.lit(data_date)
    if day is None or day == data_date:
        young = unknown & ~_expired(today).fill_null(value=True)
        part = pl.when(alive | young).then(1.0).when(waiting).then(pending).otherwise(0.0)
    else:
        part = _part_on(pl.lit(day), today, alive, dead, unknown, pending)
    held = (
        documents.lazy()
        .drop_nulls(["family", "office"])
        .select("family", "office", part=part, unknown=unknown)
        .filter(pl.col("part") > 0)
        .collect()
    )
    return _best(held, ep, pending)


def _best(held: pl.DataFrame, ep: EpMarkets, pending: float) -> pl.DataFrame:
    """Return the best member of each family in each market.

    Family, market, and how good a member is, make one number each: sorted, the best comes first.
    """
    codes = countries.countries()["iso2"].sort()
    market = pl.Enum(codes)
    office = held["office"]
    own = held["family"].to_numpy().astype(np.int64) * len(codes) * 4
    own += 2 * (held["part"] < 1).to_numpy() + held["unknown"].to_numpy()
    national = office.is_in(codes.implode()).to_numpy()
    home = office.filter(national).cast(market).to_physical().to_numpy().astype(np.int64)
    region = pl.Series(EP_MARKETS[ep], dtype=market).to_physical().to_numpy().astype(np.int64)
    european = own[(office == "EP").to_numpy()]
    keys = np.concatenate([own[national] + 4 * home, np.add.outer(european, 4 * region).ravel()])
    keys.sort()
    place = keys >> 2
    first = np.ones(keys.size, dtype=bool)
    first[1:] = place[1:] != place[:-1]
    keys, place = keys[first], place[first]
    return pl.DataFrame(
        {
            "family": pl.Series(place // len(codes), dtype=held["family"].dtype),
            "market": codes.gather(place % len(codes)),
            "part": np.where(keys & 2, pending, 1.0),
            "unknown": (keys & 1).astype(bool),
        }
    )


def _part_on(
    day: pl.Expr, today: pl.Expr, alive: pl.Expr, dead: pl.Expr, unknown: pl.Expr, pending: float
) -> pl.Expr:
    """How far a member counts on an earlier day."""
    filed = pl.coalesce("application_date", "published")
    full_term = pl.coalesce("term_date", filed.dt.offset_by("20y"))
    ended = pl.coalesce("discontinued_date", pl.when(full_term <= today).then(full_term))
    over = (
        pl.when(dead)
        .then(ended.fill_null(dt.date(1, 1, 1)) <= day)
        .when(unknown)
        .then(filed.dt.offset_by("20y") <= day)
        .otherwise(pl.lit(value=False))
    )
    appeared = pl.coalesce("published", "application_date") <= day
    granted = pl.coalesce(
        "grant_date", pl.when(pl.col("granted").fill_null(value=False) | alive).then("published")
    )
    in_force = ((alive | dead) & (granted <= day)) | unknown
    return (
        pl.when(over.fill_null(value=True) | ~appeared.fill_null(value=False))
        .then(0.0)
        .when(in_force.fill_null(value=False))
        .then(1.0)
        .otherwise(pending)
    )


_FULL, _PENDING = 1, 2  # in force; pending


@dataclass(frozen=True)
class Live:
    """Where families are in force or pending under every choice, each family and market once.

    ``begin`` tells where the markets of each row begin, and ``market`` which ones they are: those
    of the widest choice. ``codes`` has two bits of each for every set of EP markets in the order of
    `EP_MARKETS`: in force, pending, or neither. Six matrices would take ten times as much.
    """

    begin: NDArray[np.integer]
    market: NDArray[np.uint8]
    codes: NDArray[np.uint8]
    markets: int

    @classmethod
    def of(
        cls, parts: Iterable[pl.DataFrame], names: list[str], rows: int, *, data_date: dt.date
    ) -> Live:
        """Look at each set of EP markets.

        Parameters
        ----------
        parts
            Documents, some at a time: all of a family together, families in rising order from part
            to part; see `live_markets`.
        names
            The markets that count.
        rows
            Families; their numbers lie below it.
        data_date
            See `live_markets`.
        """
        number = np.zeros(rows + 1, dtype=np.int64)
        market, codes = [np.empty(0, dtype=np.uint8)], [np.empty(0, dtype=np.uint8)]
        for part in parts:
            keys, found = _live_codes(part, names, data_date)
            number[1:] += np.bincount(keys // max(len(names), 1), minlength=rows)
            market.append((keys % max(len(names), 1)).astype(np.uint8))
            codes.append(found)
        begin = np.cumsum(number)
        if begin[-1] < 2**31:  # SciPy has pointers of 32 bits then
            begin = begin.astype(np.int32)
        return cls(begin, np.concatenate(market), np.concatenate(codes), len(names))

    def matrix(
        self, choice: tuple[EpMarkets, float] = DEFAULT, chosen: Mask | None = None
    ) -> csr_array:
        """Return rows × markets: the part that counts of each, of all rows or those chosen.

        Parameters
        ----------
        choice
            Set of EP markets, and what a pending application weighs.
        chosen
            Marks of rows; those of other rows are left out.
        """
        ep, pending = choice
        begin, at = self.begin, np.arange(self.codes.size, dtype=self.begin.dtype)
        if chosen is not None:
            rows = np.flatnonzero(chosen)
            number = np.diff(begin)[rows]
            first = begin[:-1][rows]
            begin = np.concatenate([[0], np.cumsum(number)]).astype(begin.dtype)
            at = np.repeat(first - begin[:-1], number)
            at += np.arange(at.size, dtype=at.dtype)
        codes = (self.codes[at] >> (2 * list(EP_MARKETS).index(ep))) & 3
        kept = codes != 0
        pointer = np.concatenate([[0], np.cumsum(kept, dtype=begin.dtype)])[begin]
        part = np.where(codes[kept] == _PENDING, pending, 1.0)
        short = part.astype(np.float32)  # 1 and a half need no more
        data = short if (short == part).all() else part
        market = self.market[at[kept]].astype(np.int32)
        return csr_array((data, market, pointer), shape=(begin.size - 1, self.markets))


def _live_codes(
    documents: pl.DataFrame, names: list[str], data_date: dt.date
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return family × markets + market of each market of a family, rising, and its code."""
    widest = list(EP_MARKETS)[-1]  # which has all markets of the others
    keys, codes = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint8)
    for ep in sorted(get_args(EpMarkets), key=lambda name: name != widest):
        found = live_markets(documents, data_date=data_date, ep=ep, pending=PENDING[-1])
        known = found.filter(pl.col("market").is_in(names))
        key = known["market"].cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)
        key += known["family"].to_numpy().astype(np.int64) * len(names)
        code = np.where(known["part"].to_numpy() < 1, _PENDING, _FULL).astype(np.uint8)
        if ep == widest:
            keys, codes = key, np.zeros(key.size, dtype=np.uint8)
        codes[np.searchsorted(keys, key)] |= code << (2 * list(EP_MARKETS).index(ep))
    return keys, codes


@dataclass(frozen=True)
class Alive:
    """Where families were in force or pending on a day: how many markets each has, and which."""

    number: NDArray[np.uint8]
    market: NDArray[np.uint8]
    markets: int

    @classmethod
    def on(
        cls,
        parts: Iterable[pl.DataFrame],
        names: list[str],
        rows: int,
        days: Iterable[dt.date],
        *,
        data_date: dt.date,
    ) -> list[Alive]:
        """Look at each day under the default choices; parts as for `Live.of`."""
        days = list(days)
        number = np.zeros((len(days), rows), dtype=np.uint8)
        market = [[np.empty(0, dtype=np.uint8)] for _ in days]
        for part in parts:
            for k, day in enumerate(days):
                found = live_markets(part, data_date=data_date, day=day)
                known = found.filter(pl.col("market").is_in(names))
                at = known["market"].cast(pl.Enum(names)).to_physical().to_numpy()
                number[k] += np.bincount(known["family"], minlength=rows).astype(np.uint8)
                market[k].append(at.astype(np.uint8))
        return [
            cls(each, np.concatenate(of), len(names))
            for each, of in zip(number, market, strict=True)
        ]

    def matrix(self) -> csr_array:
        """Return families × markets, 1 where one counts."""
        begin = np.concatenate([[0], np.cumsum(self.number, dtype=np.int64)])
        if begin[-1] < 2**31:  # SciPy has pointers of 32 bits then
            begin = begin.astype(np.int32)
        index = (self.market.astype(np.int32), begin)
        ones = np.ones(self.market.size, dtype=np.float32)
        return csr_array((ones, *index), shape=(self.number.size, self.markets))


def choices() -> list[tuple[EpMarkets, float]]:
    """List the choices under which a rank must hold."""
    return list(product(get_args(EpMarkets), PENDING))
