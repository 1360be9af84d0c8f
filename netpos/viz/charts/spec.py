"""Charts as Vega-Lite, written straight as plain values: no copies, data once by name.

The names are those of the grammar (https://vega.github.io/vega-lite/docs/): a chart has data, a
mark and encodings; charts are laid over one another, set side by side or repeated by a facet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partialmethod
from typing import Any, Literal

import polars as pl

#: Letters behind a field and what they say of it.
_TYPES = {"N": "nominal", "O": "ordinal", "Q": "quantitative", "T": "temporal"}
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
#: Size of a chart that does not state one, pixels.
_VIEW = {"continuousWidth": 300, "continuousHeight": 300}

Spec = dict[str, Any]


class Props(dict[str, Any]):
    """A part of a chart that is nothing but its settings: an axis, a scale, a legend.

    Examples
    --------
    >>> Scale(domain=[0, 1], nice=False)
    {'domain': [0, 1], 'nice': False}
    """


Axis = Header = Legend = Scale = TopoDataFormat = ViewBackground = Props


class Channel(Props):
    """A field on a channel, as ``name:Q``, ``name:N``, ``name:O`` or without a type.

    Examples
    --------
    >>> X("share:Q", title=None)
    {'field': 'share', 'type': 'quantitative', 'title': None}
    """

    def __init__(self, field: str, **given: Any) -> None:  # noqa: ANN401 - any value of JSON
        name, _, kind = field.rpartition(":")
        found = {"field": name, "type": _TYPES[kind]} if name else {"field": field}
        super().__init__(found | given)


Color = Facet = Latitude = Longitude = Order = Shape = Size = Stroke = Text = Channel
X = X2 = Y = YOffset = Channel


def value(fixed: str | float) -> Props:
    """Return a fixed value for a channel.

    Examples
    --------
    >>> value(3)
    {'value': 3}
    """
    return Props(value=fixed)


def condition(test: str, then: Props, otherwise: Props) -> Props:
    """Return one value where a test holds, and another where it does not.

    Examples
    --------
    >>> condition("datum.x > 1", value("red"), value("blue"))
    {'value': 'blue', 'condition': {'test': 'datum.x > 1', 'value': 'red'}}
    """
    return Props(otherwise, condition={"test": test, **then})


class InlineData:
    """Data that stand in the chart as they are, with the format that says how they are read."""

    def __init__(self, values: str, read_as: Props) -> None:
        self.values, self.read_as = values, read_as


class LookupData:
    """A table from which another takes columns, by key."""

    def __init__(self, data: pl.DataFrame, key: str, fields: list[str]) -> None:
        self.data, self.key, self.fields = data, key, fields


Data = pl.DataFrame | InlineData | None


class Chart:
    """A chart: data, and what is made of them; charts within it; every change gives a new one.

    Parameters
    ----------
    data
        A table, data in line, or None for those of the charts in it.
    body
        Its parts by their name in Vega-Lite; parts that are charts become theirs when written.

    Examples
    --------
    >>> bars = Chart(pl.DataFrame({"a": [1.5]})).mark_bar(size=3).encode(x=X("a:Q"))
    >>> spec = bars.properties(width=20).to_dict()
    >>> spec["mark"], spec["encoding"]
    ({'type': 'bar', 'size': 3}, {'x': {'field': 'a', 'type': 'quantitative'}})
    >>> spec["data"], spec["datasets"]
    ({'name': '1'}, {'1': [{'a': 1.5}]})
    """

    def __init__(self, data: Data = None, **body: Any) -> None:  # noqa: ANN401 - any value of JSON
        self.data, self.body = data, body

    def _with(self, **more: Any) -> Chart:  # noqa: ANN401 - any value of JSON
        return Chart(self.data, **self.body | more)

    def _mark(self, kind: str, **given: Any) -> Chart:  # noqa: ANN401 - any value of JSON
        return self._with(mark={"type": kind, **given})

    mark_bar = partialmethod(_mark, "bar")
    mark_circle = partialmethod(_mark, "circle")
    mark_geoshape = partialmethod(_mark, "geoshape")
    mark_line = partialmethod(_mark, "line")
    mark_point = partialmethod(_mark, "point")
    mark_rect = partialmethod(_mark, "rect")
    mark_rule = partialmethod(_mark, "rule")
    mark_text = partialmethod(_mark, "text")
    mark_tick = partialmethod(_mark, "tick")

    def encode(self, **channels: Props | str) -> Chart:
        """Put fields and values on channels, beside those there are."""
        given = {k: Channel(v) if isinstance(v, str) else v for k, v in channels.items()}
        return self._with(encoding=self.body.get("encoding", {}) | given)

    def properties(self, **given: Any) -> Chart:  # noqa: ANN401 - any value of JSON
        """Set width, height, title, view."""
        return self._with(**given)

    def project(self, kind: str, **given: Any) -> Chart:  # noqa: ANN401 - any value of JSON
        """Choose the projection of a map."""
        return self._with(projection={"type": kind, **given})

    def _transform(self, step: Mapping[str, Any]) -> Chart:
        return self._with(transform=[*self.body.get("transform", ()), step])

    def transform_filter(self, test: str) -> Chart:
        """Keep the rows for which an expression holds."""
        return self._transform({"filter": test})

    def transform_calculate(self, **columns: str) -> Chart:
        """Add columns by expression."""
        found = self
        for name, how in columns.items():
            found = found._transform({"calculate": how, "as": name})
        return found

    def transform_lookup(self, *, lookup: str, from_: LookupData) -> Chart:
        """Add columns of another table by key."""
        return self._transform({"lookup": lookup, "from": from_})

    def facet(self, *, facet: Channel, columns: int, spacing: int) -> Chart:
        """Repeat the chart for each value of a field."""
        inner = Chart(None, **self.body)
        return Chart(self.data, facet=facet, spec=inner, columns=columns, spacing=spacing)

    def to_dict(self) -> Spec:
        """Return the chart as Vega-Lite, its tables by name in ``datasets``; nothing is checked."""
        names: dict[int, str] = {}
        sets: dict[str, Any] = {}

        def named(data: pl.DataFrame | InlineData) -> Spec:
            if id(data) not in names:
                names[id(data)] = name = str(len(names) + 1)
                sets[name] = _rows(data) if isinstance(data, pl.DataFrame) else data.values
            found: Spec = {"name": names[id(data)]}
            return found if isinstance(data, pl.DataFrame) else found | {"format": data.read_as}

        spec: Spec = _written(self, named)
        return spec | {"$schema": _SCHEMA, "config": {"view": dict(_VIEW)}, "datasets": sets}


def layer(*charts: Chart) -> Chart:
    """Lay charts over one another, the first at the bottom."""
    return _joined("layer", charts)


def hconcat(*charts: Chart, spacing: int) -> Chart:
    """Set charts side by side."""
    return _joined("hconcat", charts, spacing=spacing)


def vconcat(*charts: Chart, spacing: int) -> Chart:
    """Set charts one above the other."""
    return _joined("vconcat", charts, spacing=spacing)


def _joined(
    how: Literal["layer", "hconcat", "vconcat"], charts: tuple[Chart, ...], **given: int
) -> Chart:
    """Join charts; data that all of them have become those of the whole."""
    data = charts[0].data
    if data is not None and all(c.data is data for c in charts):
        return Chart(data, **{how: [Chart(None, **c.body) for c in charts]}, **given)
    return Chart(None, **{how: list(charts)}, **given)


def _rows(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table; JSON has no word for what is no number."""
    floats = pl.selectors.float()
    return table.with_columns(pl.when(floats.is_finite()).then(floats)).to_dicts()


def _written(part: object, named: Callable[[pl.DataFrame | InlineData], Spec]) -> Any:  # noqa: ANN401 - any value of JSON
    """Write a part of a chart as plain values."""
    if isinstance(part, Chart):
        body = {k: _written(v, named) for k, v in part.body.items()}
        return body if part.data is None else {"data": named(part.data), **body}
    if isinstance(part, LookupData):
        return {"data": named(part.data), "key": part.key, "fields": part.fields}
    if isinstance(part, dict):
        return {k: _written(v, named) for k, v in part.items()}
    if isinstance(part, list):
        return [_written(v, named) for v in part]
    return part
