"""Make countries.csv and country_aliases.csv: codes by pycountry, names by Babel (CLDR).

Run once, by hand, in an environment that has both; neither is needed to use netpos::

    python scripts/make_countries.py
"""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import pycountry
from babel import Locale

DATA = Path(__file__).resolve().parent.parent / "data"

#: Where CLDR's name is not the everyday one, or has signs that sort and print badly.
ENGLISH = {
    "AG": "Antigua and Barbuda",
    "BA": "Bosnia and Herzegovina",
    "CD": "DR Congo",
    "CG": "Congo",
    "CV": "Cabo Verde",
    "GS": "South Georgia and the South Sandwich Islands",
    "HK": "Hong Kong",
    "HM": "Heard Island and McDonald Islands",
    "KN": "Saint Kitts and Nevis",
    "LC": "Saint Lucia",
    "BL": "Saint Barthélemy",
    "MF": "Saint Martin",
    "MM": "Myanmar",
    "MO": "Macao",
    "PM": "Saint Pierre and Miquelon",
    "PS": "Palestine",
    "SH": "Saint Helena",
    "SJ": "Svalbard and Jan Mayen",
    "ST": "São Tomé and Príncipe",
    "TC": "Turks and Caicos Islands",
    "TT": "Trinidad and Tobago",
    "UM": "US Outlying Islands",
    "VC": "Saint Vincent and the Grenadines",
    "VI": "US Virgin Islands",
    "WF": "Wallis and Futuna",
}
DUTCH = {
    "HK": "Hongkong",
    "MM": "Myanmar",
    "MO": "Macau",
    "PS": "Palestina",
    "UM": "Amerikaanse kleine afgelegen eilanden",
}

#: Other spellings that statistics use for a country, beside the names that the sources give.
ALIASES = {
    "AE": ["UAE"],
    "BA": ["Bosnia Herzegovina", "Bosnia-Herzegovina", "Bosnia"],
    "BN": ["Brunei Darussalam"],
    "BS": ["Bahamas, The", "The Bahamas"],
    "CD": ["Congo, Dem. Rep.", "Dem. Rep. of the Congo", "Democratic Republic of the Congo"],
    "CG": ["Congo, Rep.", "Republic of the Congo"],
    "CI": ["Cote d'Ivoire", "Ivory Coast"],
    "CN": ["PR China", "P.R. China", "Mainland China", "China, mainland", "VR China"],
    "CV": ["Cape Verde"],
    "CW": ["Curacao"],
    "CZ": ["Czech Republic", "Tsjechische Republiek"],
    "DE": ["Deutschland"],
    "DO": ["Dominican Rep."],
    "EG": ["Egypt, Arab Rep."],
    "FM": ["Micronesia, Fed. Sts."],
    "GB": ["UK", "U.K.", "Great Britain", "Groot-Brittannië"],
    "GM": ["Gambia, The", "The Gambia"],
    "GR": ["EL"],
    "HK": ["Hong Kong, China", "Hong Kong SAR, China", "China, Hong Kong SAR", "Hong Kong SAR"],
    "IR": ["Iran, Islamic Rep."],
    "KG": ["Kyrgyz Republic"],
    "KN": ["St. Kitts and Nevis"],
    "KP": ["Korea, Dem. People's Rep.", "Korea, Dem. Rep.", "Dem. People's Rep. of Korea"],
    "KR": ["Korea, Rep.", "Rep. of Korea", "Republic of Korea", "Korea (South)", "Korea, South"],
    "LA": ["Lao PDR", "Lao People's Dem. Rep."],
    "LC": ["St. Lucia"],
    "MD": ["Moldova, Rep.", "Rep. of Moldova", "Republic of Moldova"],
    "MK": ["Macedonia", "Macedonia, FYR", "TFYR of Macedonia", "FYR Macedonia"],
    "MM": ["Burma", "Birma"],
    "MO": ["Macau", "Macao SAR, China", "China, Macao SAR", "Macao SAR"],
    "NL": ["The Netherlands", "Netherlands, The", "Holland"],
    "PS": ["West Bank and Gaza", "State of Palestine"],
    "RE": ["Reunion"],
    "RO": ["ROM"],
    "RU": ["Russian Federation", "Russische Federatie"],
    "SB": ["Solomon Isds"],
    "SK": ["Slovak Republic", "Slowaakse Republiek"],
    "ST": ["Sao Tome and Principe"],
    "SY": ["Syrian Arab Republic", "Syrian Arab Rep."],
    "SZ": ["Swaziland"],
    "TL": ["East Timor"],
    "TR": ["Turkey", "Turkiye"],
    "TW": ["Chinese Taipei", "Taiwan, China", "Taiwan, Province of China"],
    "TZ": ["United Rep. of Tanzania", "United Republic of Tanzania"],
    "US": ["United States of America", "U.S.A.", "U.S.", "Verenigde Staten van Amerika", "VS"],
    "VC": ["St. Vincent and the Grenadines"],
    "VE": ["Venezuela, RB"],
    "VN": ["Viet Nam"],
    "XK": ["Republic of Kosovo"],
    "YE": ["Yemen, Rep."],
}

#: What people type into a search for a country, and what no label of a table is taken for: parts of
#: it, names of more than one, its own name for itself.
SEARCHED = {
    "AT": ["\u00d6sterreich"],
    "BE": ["Belgique"],
    "CH": ["Schweiz", "Suisse"],
    "CN": ["PRC"],
    "ES": ["Espa\u00f1a"],
    "FR": ["La France"],
    "GB": ["England", "Engeland"],
    "KR": ["Korea", "ROK"],
    "US": ["America", "Amerika"],
}


def write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    """Write a CSV with UTF-8, LF and the rows in order."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def plain(text: str) -> str:
    """Straight apostrophes and composed letters."""
    return unicodedata.normalize("NFC", text.replace("\u2019", "'"))


def main() -> None:
    """Write both files."""
    english, dutch = Locale("en").territories, Locale("nl").territories
    rows, aliases = [], []
    names: dict[str, str] = {}
    described = {c.alpha_2: c for c in pycountry.countries}
    for code in sorted([*described, "XK"]):
        iso3, numeric = (
            (described[code].alpha_3, described[code].numeric) if code in described else ("XKX", "")
        )
        en = plain(ENGLISH.get(code, english[code]))
        nl = plain(DUTCH.get(code, dutch[code]))
        rows.append([code, iso3, numeric, en, nl])
        for key in (code, iso3, en, nl):
            names[key.lower()] = code
    for code in sorted([*described, "XK"]):
        other = [plain(english[code]), plain(dutch[code]), *ALIASES.get(code, [])]
        if code in described:
            about = described[code]
            other += [getattr(about, a, "") for a in ("name", "common_name")]
        for alias in sorted({plain(a) for a in other if a}):
            if names.setdefault(alias.lower(), code) != code:
                message = f"{alias} names both {names[alias.lower()]} and {code}"
                raise SystemExit(message)
            if [alias.lower(), code] not in [[a.lower(), c] for a, c, _ in aliases] and (
                alias.lower() not in {v.lower() for row in rows if row[0] == code for v in row}
            ):
                aliases.append([alias, code, "all"])
        for alias in SEARCHED.get(code, []):
            if names.setdefault(alias.lower(), code) != code:
                message = f"{alias} names both {names[alias.lower()]} and {code}"
                raise SystemExit(message)
            aliases.append([alias, code, "search"])
    write(DATA / "countries.csv", ["iso2", "iso3", "numeric", "name_en", "name_nl"], rows)
    write(DATA / "country_aliases.csv", ["alias", "country", "used"], sorted(aliases))


if __name__ == "__main__":
    main()
