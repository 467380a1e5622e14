"""Suggest time zones for a name that is none: a name of Windows, a city, or a spelling that is near.

Rule: nothing is suggested that may be another place's clock. A city with several zones has all of them suggested; a
spelling is near only if all names as near have the same clock. Used in errors alone, as it reads the list of cities.
Sources: CLDR's windowsZones by the package tzlocal; cities of GeoNames (`docs/write_cities.py`).
"""

import unicodedata
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from difflib import SequenceMatcher, get_close_matches
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

CITIES = Path(__file__).with_name("cities.txt")
MOST = 3  # suggestions
SHORT = 6  # letters of a name in which one letter more or less may make another place: China, Chia
LANDS = ("Brazil/", "Canada/", "Chile/", "Mexico/", "US/")  # old names: Canada/Atlantic is no city
AS_NEAR = 0.05
OTHER_NAMES = ("Etc/", "posix/", "right/", "SystemV/")
SAMPLES = [datetime(year, month, 1, tzinfo=UTC) for year in (2020, 2026, 2032) for month in (1, 4, 7, 10)]

Zones = Mapping[str, tuple[str, ...]]


def suggest_zones(text: str) -> list[str]:
    """Return at most three names of zones that may be meant, or none."""
    if windows := find_windows_zone(text):
        return [windows]
    key = fold(text[:60])
    by_name = {fold(name): name for name in _list_names()}
    if key in by_name:
        return [by_name[key]]
    region, _, city = key.rpartition("/")
    region = _find_region(region.partition("/")[0])
    if zones := _find_city(city, region) or _find_country(city):
        return list(zones) if len(zones) <= MOST else []
    return _find_spelling(city, region)


def find_windows_zone(text: str) -> str:
    """Return the IANA name of `Pacific Standard Time`, also as `Pacific Time` or `Pacific Daylight Time`, or ''."""
    from tzlocal.windows_tz import win_tz

    words = text.strip().casefold()
    stem = words.removesuffix(" time").removesuffix(" standard").removesuffix(" daylight")
    if stem == words:
        return ""
    known = {windows.casefold(): zone for windows, zone in win_tz.items()}
    zone = known.get(f"{stem} standard time", "")
    return _current_name(zone) if zone in zoneinfo.available_timezones() else ""


def fold(name: str) -> str:
    """Return the name in small ASCII letters, with `_` between words."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return "_".join(letters.replace("-", " ").replace("_", " ").split())


@cache
def _list_names() -> list[str]:
    """Return the names to suggest, longest first."""
    names = [name for name in zoneinfo.available_timezones() if name == "UTC" or "/" in name]
    return sorted((name for name in names if not name.startswith(OTHER_NAMES)), key=lambda name: (-len(name), name))


@cache
def _zone_cities() -> Zones:
    """Return the zones that are named for a city, by city."""
    zones = defaultdict(list)
    for name in reversed(_list_names()):
        zones[fold(name.rpartition("/")[2])].append(name)
    return {city: tuple(names) for city, names in zones.items()}


@cache
def _large_cities() -> Zones:
    """Return the zones of large cities, by city."""
    zones, known = defaultdict(list), zoneinfo.available_timezones()
    for line in CITIES.read_text(encoding="ascii").splitlines():
        zone, *cities = line.split()
        for city in cities if zone in known else ():
            zones[fold(city)].append(zone)
    return {city: tuple(names) for city, names in zones.items()}


def _find_region(text: str) -> str:
    """Return the region of zones with this name or nearly this name, or ''."""
    regions = {fold(name.partition("/")[0]) for name in _list_names() if "/" in name}
    return next(iter(get_close_matches(text, regions, n=1, cutoff=0.8)), "")


def _find_city(city: str, region: str) -> tuple[str, ...]:
    """Return the zones of a city: within the region if one is named, else in all. Zones of the same clock are one."""
    own, large = _zone_cities().get(city, ()), _large_cities().get(city, ())
    if region:
        return _within(own, region) or _within(large, region) or own[:1]
    return own[:1] if _is_one_clock(own) else own or large


def _within(zones: Iterable[str], region: str) -> tuple[str, ...]:
    return tuple(zone for zone in zones if zone.casefold().startswith(f"{region}/"))


def _find_spelling(city: str, region: str) -> list[str]:
    """Return the zone of the city whose name is nearest, if all cities that are as near have its clock."""
    is_short = len(city) <= SHORT
    names = {name for name, zones in _zone_cities().items() if region or not zones[0].startswith(LANDS)}
    names |= set() if is_short and not region else set(_large_cities())
    close = get_close_matches(city, names, n=10, cutoff=0.8 if region and not is_short else 0.85)
    ratios = {name: SequenceMatcher(None, name, city).ratio() for name in close}
    zones = {name: matches for name in ratios if name[:1] == city[:1] and (matches := _find_city(name, region))}
    if region:
        zones = {name: inside for name, matches in zones.items() if (inside := _within(matches, region))}
    best = max((ratios[name] for name in zones), default=0.0)
    near = [zone for name, names in zones.items() if ratios[name] >= best - AS_NEAR for zone in names]
    return near[:1] if _is_one_clock(near) else []


def _is_one_clock(zones: Iterable[str]) -> bool:
    """Do all of the zones have the same offsets? False for no zone."""
    return len({tuple(at.astimezone(ZoneInfo(zone)).utcoffset() for at in SAMPLES) for zone in zones}) == 1


def _find_country(name: str) -> tuple[str, ...]:
    """Return the zones of a country: all of them, as none is the country's own."""
    codes = [code for code, country, *_ in _read_table("iso3166.tab") if fold(country) == name]
    return tuple(zone for country, _, zone, *_ in _read_table("zone.tab") if country in codes)


def _current_name(zone: str) -> str:
    """Return the present name of a zone that was renamed: Asia/Kolkata for Asia/Calcutta."""
    current = {zone for _, _, zone, *_ in _read_table("zone.tab")}
    renamed = {words[2]: words[1] for words in _read_table("tzdata.zi", " ") if words[0] == "L" and len(words) == 3}
    return zone if zone in current else renamed.get(zone, zone)


@cache
def _read_table(name: str, separator: str = "\t") -> list[list[str]]:
    """Return the rows of a file of the package `tzdata`; none if some distribution leaves it out."""
    try:
        import tzdata  # type: ignore[import-untyped]

        lines = (Path(tzdata.__file__ or "").parent / "zoneinfo" / name).read_text(encoding="utf-8").splitlines()
    except (ImportError, OSError):
        return []
    return [line.split(separator) for line in lines if not line.startswith("#")]
