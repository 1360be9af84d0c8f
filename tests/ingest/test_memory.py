"""Memory that is given back."""

from __future__ import annotations

import ctypes

import pytest

from netpos.ingest.memory import give_back


def test_a_system_without_the_call_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert give_back() in (True, False)  # whatever the system has

    def none(name: object) -> object:
        raise TypeError

    monkeypatch.setattr(ctypes, "CDLL", none)
    assert not give_back()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not give_back()
