"""The public names of the package, each one there and documented."""

from __future__ import annotations

import pytest

import netpos


def test_every_public_name_resolves_and_has_a_docstring() -> None:
    assert len(netpos.__all__) > 30
    for name in netpos.__all__:
        assert getattr(netpos, name).__doc__, name


def test_public_names_are_those_shown_by_dir() -> None:
    assert set(netpos.__all__) <= set(dir(netpos))


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="closeness"):
        _ = netpos.closeness
