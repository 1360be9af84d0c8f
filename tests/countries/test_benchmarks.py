"""Sets of countries to compare with."""

from __future__ import annotations

import pytest

from netpos.countries.benchmarks import benchmark_codes
from netpos.errors import OptionError

#: Members of the European Union from 1995 to 2004, by the treaties.
FIFTEEN = ["AT", "BE", "DE", "DK", "ES", "FI", "FR", "GB", "GR", "IE", "IT", "LU", "NL", "PT", "SE"]
#: Those that came in 2004, 2007 and 2013.
THIRTEEN = ["CY", "CZ", "EE", "HU", "LT", "LV", "MT", "PL", "SI", "SK", "BG", "RO", "HR"]


def test_the_union_of_27_is_that_of_the_treaties_without_the_united_kingdom() -> None:
    found = benchmark_codes("eu27")
    assert len(found) == 27
    assert set(found) == {*FIFTEEN, *THIRTEEN} - {"GB"}


def test_the_set_of_chapter_4_is_the_fifteen_and_two() -> None:
    assert sorted(benchmark_codes("report-4.1")) == sorted([*FIFTEEN, "US", "CN"])


def test_a_code_that_is_no_country_is_refused() -> None:
    with pytest.raises(OptionError, match="QX"):
        benchmark_codes("US,QX")
