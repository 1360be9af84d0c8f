"""Options are declared once."""

from __future__ import annotations

import re

from netpos.declare import declared
from netpos.options import Options


def test_every_option_has_a_sentence_a_default_and_what_it_changes() -> None:
    for option in declared(Options).values():
        assert re.fullmatch(r"[A-Za-z].*\.", option.does), option.key
        assert option.changes, option.key
        assert option.shown not in ("", "None"), option.key
        assert option.is_switch or option.values, option.key
