"""Which days are public holidays: a region is a country, or a part of one, by its ISO 3166 code (`US`, `DE-BY`).

Pure; which day it is where a schedule's clock is, is the caller's to say.
Source: the `holidays` package, https://holidays.readthedocs.io/
"""

import warnings
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any

from schedbot import times
from schedbot.errors import BadInput

ENGLISH = "en_US"


@lru_cache(maxsize=1024)
def normalize_region(text: str) -> str:
    """The region's normal form: `US`, `DE-BY`. Raises BadInput for one that is not known, with the nearest."""
    said = text.strip()
    country, _, part = said.partition("-")
    code = country_code(country, said)
    return f"{code}-{part_code(code, part.strip(), said)}" if part else code


def holiday_name(region: str, day: date) -> str | None:
    """What is celebrated in `region` on that day, in English where there is a translation; None on other days."""
    return region_calendar(region).get(day)


@cache
def countries() -> Mapping[str, Sequence[str]]:
    """Codes of the countries, each with the codes of its parts."""
    import holidays

    return holidays.list_supported_countries(include_aliases=False)


@cache
def region_calendar(region: str) -> Mapping[date, str]:
    """A region's calendar: it works out a year when it is asked for one."""
    import holidays

    # It knows no holidays in far years, and would say so beside a command's answer.
    warnings.filterwarnings("ignore", "Requested Holidays are available", UserWarning)
    code, _, part = region.partition("-")
    language = ENGLISH if ENGLISH in holidays.list_localized_countries().get(code, ()) else None
    calendar: Mapping[date, str] = holidays.country_holidays(code, subdiv=part or None, language=language)
    return calendar


def country_code(country: str, said: str) -> str:
    code = "GB" if country.upper() == "UK" else country.upper().strip()
    if code in countries():
        return code
    near = nearest_country(country)
    hint = f"Did you mean '{near}'?" if near else "Write a country's code, like US, or a part of one, like DE-BY."
    raise BadInput(f"No calendar of public holidays is called {times.quote(said)}.", hint=hint)


def nearest_country(country: str) -> str | None:
    """The code of the country that was most likely meant by a name or a three-letter code."""
    from holidays.registry import COUNTRIES

    wanted = country.strip().casefold().replace(" ", "_")[:60]
    by_name = {name: codes[1] for name, codes in COUNTRIES.items()}
    by_name |= {code.casefold(): codes[1] for codes in COUNTRIES.values() for code in codes}
    close = get_close_matches(wanted, by_name, n=1, cutoff=0.7)
    return by_name[close[0]] if close else None


def part_code(code: str, part: str, said: str) -> str:
    """The code of a country's part, which may be given by its name too."""
    known = {one.casefold(): one for one in countries()[code]}
    named = {name.casefold(): one for name, one in part_names(code).items()}
    found = known.get(part.casefold()) or named.get(part.casefold())
    if found:
        return found
    if not known:
        raise BadInput(f"{times.quote(said)} is not known: all of {code} has one calendar.", hint=f"Write '{code}'.")
    hint = f"{code} has {', '.join(sorted(known.values()))}."
    close = get_close_matches(part.casefold(), [*known, *named], n=1, cutoff=0.7)
    if close:
        near = known.get(close[0]) or named[close[0]]
        hint = f"Did you mean '{code}-{near}'? {hint}"
    raise BadInput(f"{code} has no part {times.quote(part)} with a calendar of its own.", hint=hint)


def part_names(code: str) -> Mapping[str, str]:
    """Names of a country's parts, each with its code."""
    import holidays

    calendar: Any = holidays.country_holidays(code)
    return dict(getattr(calendar, "subdivisions_aliases", {}))
