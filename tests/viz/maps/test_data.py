"""The words and numbers inside a map."""

from __future__ import annotations

import re

from netpos.viz.maps import data as map_data


def test_both_languages_say_everything():
    english, dutch = map_data.words("en"), map_data.words("nl")
    assert english.keys() == dutch.keys()
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", dutch[key])), key
    for entry in map_data.indicator_words():
        assert len(entry["en"]) == len(entry["nl"]) == 2


def test_only_distances_are_ranked_from_low_to_high():
    # similarity is the mean class of the sources, 1 = alike ... 3 = none in common
    low = {entry["key"] for entry in map_data.indicator_words() if entry.get("rank") == "low"}
    assert low == {"core_distance", "similarity"}
