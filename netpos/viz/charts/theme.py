"""The look of figures, and how one becomes files: the same bytes on every system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from netpos.viz.charts import spec as vl
from netpos.viz.charts.drawing import Job, draw
from netpos.viz.page import Figure

if TYPE_CHECKING:
    #: A chart and the numbers in it; None where the tables do not hold them.
    Drawn = tuple[vl.Chart, pl.DataFrame] | None

#: The first is what the converter ships; the others have the same widths or stand in.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
INK, SOFT, LINE, PALE = "#1b2433", "#566274", "#dde3e9", "#b9c2cc"
MADE_UP = "#8a4b00"
FOCUS, OTHER = "#bd1f01", "#94a4a2"
#: Ten colours told apart in any colour vision (Petroff 2021, arXiv:2107.02270).
PALETTE = [
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70",
    "#717581", "#92dadd",
]  # fmt: skip
#: One colour for each country wherever it has a line or a mark; the country in focus has its own.
COUNTRY_COLOURS = {
    "US": "#3f90da", "CN": "#ffa90e", "JP": "#832db6", "DE": "#a96b59", "KR": "#5cc3c6",
    "FR": "#717581", "GB": "#b9ac70", "TW": "#e76300", "NL": "#0b7a4b", "SE": "#d6649f",
    "CH": "#4d4d9f", "CA": "#7aa52c", "IT": "#c2a500", "IL": "#00868b", "IN": "#b0447a",
    "BE": "#2f5d8a", "AT": "#8f5a2b", "FI": "#8ea3e8", "DK": "#d98880", "SG": "#6b4226",
    "AU": "#3c8d6e", "ES": "#9b870c", "IE": "#7f9c5a", "NO": "#a35ad1", "PL": "#c46f4e",
}  # fmt: skip
#: For all others, in the order of their codes; those that a chart has already are passed over.
_SPARE = ("#596b2f", "#c7a3d9", "#8c2d4f", "#55a0b5", "#b58b00", "#4b5563", "#d18f5f", "#94a4a2")
#: Groups of countries, as in the maps.
BLOC_COLOURS = {"eu": "#0072b2", "oecd_nato": "#e69f00", "other": "#999999"}
WIDTH = 820
#: Least contrast of letters.
TEXT_CONTRAST = 4.5


def theme() -> dict[str, Any]:
    """Return the settings that all figures share."""
    text = {"font": FONT, "labelColor": INK, "titleColor": SOFT}
    axis = text | {
        "labelFont": FONT, "titleFont": FONT, "labelFontSize": 11, "titleFontSize": 11,
        "titleFontWeight": "normal", "domainColor": PALE, "tickColor": PALE, "gridColor": LINE,
        "labelLimit": 260, "titlePadding": 8,
    }  # fmt: skip
    return {
        "aria": False,
        "background": "white",
        "font": FONT,
        "padding": 6,
        "view": {"stroke": None},
        "axis": axis,
        "axisY": {"grid": False},
        "legend": {
            "labelFont": FONT, "titleFont": FONT, "labelFontSize": 11, "titleFontSize": 11,
            "titleFontWeight": "normal", "labelColor": INK, "titleColor": SOFT, "orient": "top",
            "symbolType": "square",
        },
        "header": {
            "labelFont": FONT, "titleFont": FONT, "labelFontSize": 12, "labelColor": INK,
            "labelFontWeight": "bold", "labelAnchor": "start", "title": None,
        },
        "title": {
            "font": FONT, "fontSize": 12, "color": INK, "anchor": "start", "fontWeight": "bold",
            "offset": 8,
        },
        "text": {"font": FONT, "fontSize": 11, "fill": INK},
        "range": {"category": PALETTE},
    }  # fmt: skip


def contrast(one: str, other: str = "#ffffff") -> float:
    """Return the contrast of two colours, from 1 to 21.

    Parameters
    ----------
    one, other
        Colours as ``#rrggbb``.

    References
    ----------
    W3C, Web Content Accessibility Guidelines 2.2, relative luminance and contrast ratio.

    Examples
    --------
    >>> contrast("#000000"), round(contrast("#767676"), 2)
    (21.0, 4.54)
    """
    bright = []
    for colour in (one, other):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        )
        bright.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(bright) + 0.05) / (min(bright) + 0.05)


def readable(colour: str) -> str:
    """Return a colour for letters on white: darkened until its contrast is at least 4.5.

    Examples
    --------
    >>> readable("#1b2433"), contrast(readable("#ffa90e")) >= 4.5
    ('#1b2433', True)
    """
    parts = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    for part in range(100, 0, -1):
        found = "#" + "".join(f"{value * part // 100:02x}" for value in parts)
        if contrast(found) >= TEXT_CONTRAST:
            return found
    return "#000000"


def country_colours(codes: Sequence[str], focal: str) -> list[str]:
    """Return the colour of each country: the same in every figure, whatever stands beside it.

    Only countries without a colour of their own take what the others of a figure leave.

    Examples
    --------
    >>> country_colours(["US", "NL", "DE"], "NL") == [COUNTRY_COLOURS["US"], FOCUS, "#a96b59"]
    True
    >>> country_colours(["DE", "US"], "US")[0]
    '#a96b59'
    """
    fixed = {c: FOCUS if c == focal else COUNTRY_COLOURS.get(c) for c in codes}
    spare = [k for k in _SPARE if k not in fixed.values()]
    for number, code in enumerate(sorted(c for c, k in fixed.items() if k is None)):
        fixed[code] = spare[number % len(spare)]
    return [str(fixed[c]) for c in codes]


def filled(mine: pl.Expr) -> pl.Expr:
    """Colour of a mark: that of the country in focus, or the usual one."""
    return pl.when(mine).then(pl.lit(FOCUS)).otherwise(pl.lit(PALETTE[0]))


def extent(values: pl.Series) -> tuple[float, float]:
    """Return the smallest and the largest of some numbers, 0 where there are none.

    Examples
    --------
    >>> extent(pl.Series([2.0, None, -1.0])), extent(pl.Series([], dtype=pl.Int64))
    ((-1.0, 2.0), (0.0, 0.0))
    """
    low, high = values.min(), values.max()
    if not (isinstance(low, int | float) and isinstance(high, int | float)):
        return 0.0, 0.0
    return float(low), float(high)


def rank_axis(*tables: pl.Series) -> tuple[list[float], list[int]]:
    """Return the domain of an axis of ranks, first place at the far end, and its ticks.

    Examples
    --------
    >>> rank_axis(pl.Series([3, 17]), pl.Series([5]))
    ([17.6, 0.4], [1, 5, 10, 15])
    >>> rank_axis(pl.Series([9]))[1], rank_axis(pl.Series([3]))[1]
    ([1, 4, 6, 8], [1, 2, 3])
    """
    worst = max(int(extent(s)[1]) or 1 for s in tables)
    step = next(k for k in (1, 2, 5, 10, 20, 50, 100) if worst <= 8 * k or k == 100)
    ticks = [k for k in range(step, worst + 1, step) if k > 2 or step == 1]
    return [worst + 0.6, 0.4], ticks if step == 1 else [1, *ticks]


def beside(
    x: Sequence[float],
    y: Sequence[float],
    names: Sequence[str],
    *,
    radius: float,
    font: float,
    width: float,
) -> list[str]:
    """Choose for each point the side on which its name covers nothing and stays inside.

    Parameters
    ----------
    x, y
        Middle of each point, pixels; y grows downward.
    names
        The names; earlier ones choose first.
    radius, font, width
        Size of a point, of the letters and of the drawing, pixels.

    Returns
    -------
    list
        ``right``, ``left``, ``above``, ``below``, or ``none`` where no side is free.

    Examples
    --------
    >>> beside([90, 100, 390], [0, 0, 0], ["name", "b", "far"], radius=4, font=10, width=400)
    ['left', 'right', 'left']
    """
    taken = [(a - radius, b - radius, a + radius, b + radius) for a, b in zip(x, y, strict=True)]
    sides = []
    for k, (a, b, name) in enumerate(zip(x, y, names, strict=True)):
        wide, gap = font * sum(0.7 if c.isupper() else 0.56 for c in name), radius + 4
        spots = {
            "right": (a + gap, b - font / 2, a + gap + wide, b + font / 2),
            "left": (a - gap - wide, b - font / 2, a - gap, b + font / 2),
            "above": (a - wide / 2, b - gap - font, a + wide / 2, b - gap),
            "below": (a - wide / 2, b + gap, a + wide / 2, b + gap + font),
        }
        free = [
            side
            for side, box in spots.items()
            if box[0] >= 0
            and box[2] <= width
            and not any(
                i != k and box[0] < q[2] and q[0] < box[2] and box[1] < q[3] and q[1] < box[3]
                for i, q in enumerate(taken)
            )
        ]
        sides.append(free[0] if free else "none")
        if free:
            taken.append(spots[free[0]])
    return sides


def labelled(
    x: Sequence[float],
    y: Sequence[float],
    names: Sequence[str],
    short: Sequence[str],
    *,
    radius: float,
    font: float,
    width: float,
) -> tuple[list[str], list[str]]:
    """Give every point a label: its name where one fits, else the short one, at last on the point.

    Parameters
    ----------
    x, y, names, radius, font, width
        As for `beside`.
    short
        What stands in for a name that fits on no side.

    Returns
    -------
    (list, list)
        The labels, and their sides: those of `beside`, or ``middle``.

    Examples
    --------
    >>> crowd = ([50.0] * 6, [0, 9, 18, 27, 36, 45])
    >>> labelled(*crowd, ["a long name"] * 6, [*"123456"], radius=4, font=10, width=100)[0]
    ['a long name', '2', '3', '4', '5', 'a long name']
    """
    sides = beside(x, y, names, radius=radius, font=font, width=width)
    labels = [s if side == "none" else n for n, s, side in zip(names, short, sides, strict=True)]
    sides = beside(x, y, labels, radius=radius, font=font, width=width)
    labels = [s if side == "none" else n for n, s, side in zip(labels, short, sides, strict=True)]
    return labels, ["middle" if side == "none" else side for side in sides]


def name_layers(base: vl.Chart, field: str, *, gap: float, font: float) -> list[vl.Chart]:
    """Set the names of points on the sides that the column ``side`` tells; see `beside`.

    Parameters
    ----------
    base
        The points, with their places encoded.
    field
        The column of the names.
    gap, font
        From the middle of a point to its name, and size of the letters, pixels.
    """
    sided = {
        "right": base.mark_text(align="left", baseline="middle", dx=gap, fontSize=font),
        "left": base.mark_text(align="right", baseline="middle", dx=-gap, fontSize=font),
        "above": base.mark_text(align="center", baseline="bottom", dy=-gap, fontSize=font),
        "below": base.mark_text(align="center", baseline="top", dy=gap, fontSize=font),
        "middle": base.mark_text(align="center", baseline="middle", fontSize=font),
    }
    return [
        text.transform_filter(f"datum.side === '{side}'").encode(text=vl.Text(f"{field}:N"))
        for side, text in sided.items()
    ]


def render(
    chart: vl.Chart,
    table: pl.DataFrame,
    *,
    name: str,
    said: str,
    lang: str,
    made_up: str | None = None,
) -> Figure:
    """Draw a chart as SVG, with its numbers as CSV; see `prepared` for what it takes.

    Returns
    -------
    Figure
        The SVG has ``role="img"`` with the text and no numbers of the drawing process in it.
    """
    job, csv = prepared(chart, table, name=name, said=said, lang=lang, made_up=made_up)
    return Figure(draw(job), csv)


def prepared(
    chart: vl.Chart,
    table: pl.DataFrame,
    *,
    name: str,
    said: str,
    lang: str,
    made_up: str | None = None,
) -> tuple[Job, str]:
    """Make a chart ready to be drawn, and its numbers as CSV.

    Parameters
    ----------
    chart
        A chart of any kind; a test validates every one of the report.
    table
        What is in it.
    name
        Of the figure; its ids begin with it.
    said
        What the figure shows, for people who do not see it.
    lang
        Of the numbers on its axes.
    made_up
        What is written in the drawing where its data are invented; its numbers then have a column
        ``synthetic``, so that no file of it goes anywhere without saying so.
    """
    spec = chart.to_dict()
    spec["config"] = theme() | spec.get("config", {})
    if made_up is not None:
        table = table.with_columns(synthetic=pl.lit(value=True))
        own = spec.get("title")
        if own:
            plain = own if isinstance(own, dict) else {"text": own}
            note = {**plain, "subtitle": made_up, "subtitleColor": MADE_UP, "subtitleFont": FONT}
        else:
            note = {"text": made_up, "color": MADE_UP, "fontSize": 10, "fontWeight": "normal"}
        spec["title"] = note
    decimal, thousands = (",", ".") if lang == "nl" else (".", ",")
    numbers = {
        "decimal": decimal, "thousands": thousands, "grouping": [3], "currency": ["", ""],
        "percent": " %",
    }  # fmt: skip
    job = {"spec": spec, "locale": numbers, "name": name, "said": said}
    return job, table.write_csv(null_value="")
