"""Public holidays of a region: a country or a part of one, by its ISO 3166 code (`US`, `DE-BY`).

Pure: the caller gives the local day.
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
    """Return the region in normal form: `US`, `DE-BY`. Raises BadInput for an unknown one, with the most similar."""
    region = text.strip()
    country, _, part = region.partition("-")
    code = find_country(country, region)
    return f"{code}-{find_part(code, part.strip(), region)}" if part else code


def holiday_name(region: str, day: date) -> str | None:
    """Return the name of the holiday on that day, in English if there is a translation; None on other days."""
    return region_calendar(region).get(day)


@cache
def countries() -> Mapping[str, Sequence[str]]:
    """Return the codes of the countries, each with the codes of its parts."""
    import holidays

    return holidays.list_supported_countries(include_aliases=False)


@cache
def region_calendar(region: str) -> Mapping[date, str]:
    """Return a region's holidays by day. It computes a year at the first access."""
    import holidays

    # Without holidays in distant years the package prints a warning into a command's output.
    warnings.filterwarnings("ignore", "Requested Holidays are available", UserWarning)
    code, _, part = region.partition("-")
    language = ENGLISH if ENGLISH in holidays.list_localized_countries().get(code, ()) else None
    calendar: Mapping[date, str] = holidays.country_holidays(code, subdiv=part or None, language=language)
    return calendar


def find_country(country: str, region: str) -> str:
    """Return the code of a country. Raises BadInput, with the most similar one, for an unknown country."""
    code = "GB" if country.upper() == "UK" else country.upper().strip()
    if code in countries():
        return code
    similar = find_similar_country(country)
    hint = (
        f"Did you mean '{similar}'?" if similar else "Write the code of a country, like US, or of its part, like DE-BY."
    )
    raise BadInput(f"Unknown holiday region {times.quote(region)}.", hint=hint)


def find_similar_country(country: str) -> str | None:
    """Return the code of the country with the most similar name or three-letter code."""
    from holidays.registry import COUNTRIES

    key = country.strip().casefold().replace(" ", "_")[:60]
    by_name = {name: codes[1] for name, codes in COUNTRIES.items()}
    by_name |= {code.casefold(): codes[1] for codes in COUNTRIES.values() for code in codes}
    close = get_close_matches(key, by_name, n=1, cutoff=0.7)
    return by_name[close[0]] if close else None


def find_part(code: str, part: str, region: str) -> str:
    """Return the code of a country's part, given by code or name. Raises BadInput for an unknown part."""
    by_code = {part_code.casefold(): part_code for part_code in countries()[code]}
    by_name = {name.casefold(): part_code for name, part_code in part_names(code).items()}
    known = by_name | by_code
    if not by_code:
        raise BadInput(f"Unknown holiday region {times.quote(region)}: {code} has no parts.", hint=f"Write '{code}'.")
    if part.casefold() in known:
        return known[part.casefold()]
    hint = f"{code} has {', '.join(sorted(by_code.values()))}."
    close = get_close_matches(part.casefold(), [*by_code, *by_name], n=1, cutoff=0.7)
    if close:
        hint = f"Did you mean '{code}-{known[close[0]]}'? {hint}"
    raise BadInput(f"{code} has no part {times.quote(part)} with its own holidays.", hint=hint)


def part_names(code: str) -> Mapping[str, str]:
    """Return the names of a country's parts, each with its code."""
    import holidays

    calendar: Any = holidays.country_holidays(code)
    return dict(getattr(calendar, "subdivisions_aliases", {}))
