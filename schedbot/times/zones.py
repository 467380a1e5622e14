"""Find time zones by IANA name, in the newer of the machine's zone data and the `tzdata` package.

Python reads the machine's zone files first, even if they are older (2025b and 2026f differ in 15 zones), so this module
chooses, once, at the first use of a zone. A zone is named by a place, never by an abbreviation: EST has been the name
of several rules.
"""

import os
import re
import zoneinfo
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from schedbot.errors import BadInput
from schedbot.text_input import quote

PACKAGE = "tzdata package"
MACHINE = "machine"
LOCALTIME = Path("/etc/localtime")
ABBREVIATIONS = {
    **dict.fromkeys(("EST", "EDT", "ET", "EST5EDT", "EASTERN"), "America/New_York"),
    **dict.fromkeys(("CST", "CDT", "CT", "CST6CDT", "CENTRAL"), "America/Chicago"),
    **dict.fromkeys(("MST", "MDT", "MT", "MST7MDT", "MOUNTAIN"), "America/Denver"),
    **dict.fromkeys(("PST", "PDT", "PT", "PST8PDT", "PACIFIC"), "America/Los_Angeles"),
    **dict.fromkeys(("CET", "CEST", "MET", "MEST"), "Europe/Berlin"),
    **dict.fromkeys(("EET", "EEST"), "Europe/Helsinki"),
    **dict.fromkeys(("WET", "WEST"), "Europe/Lisbon"),
    "HST": "Pacific/Honolulu",
    "BST": "Europe/London",
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "AEST": "Australia/Sydney",
}
NOT_PLACES = frozenset({"LOCALTIME", "POSIXRULES", "FACTORY", "ROC", "ROK", "PRC"})


@cache
def zone_data_version() -> tuple[str, str]:
    """Return the IANA version in use, such as "2026b", and its origin: "tzdata package" or "machine".

    The first call also sets `zoneinfo` to read the newer of the two.
    """
    packaged, folder = _packaged_version()
    machine = _machine_version()
    if packaged > machine:
        zoneinfo.reset_tzpath((folder,) if folder else ())
        ZoneInfo.clear_cache()
        return packaged, PACKAGE
    return machine or "unknown", MACHINE


def _packaged_version() -> tuple[str, str]:
    """Return the version and the folder of the `tzdata` package, or two empty strings."""
    try:
        import tzdata  # type: ignore[import-untyped]
    except ImportError:  # some distributions leave it out
        return "", ""
    folder = Path(tzdata.__file__ or "").parent / "zoneinfo"
    return tzdata.IANA_VERSION, str(folder) if folder.is_dir() else ""


def _machine_version() -> str:
    """Return the version of the first folder that zoneinfo reads, or '' (then it counts as older) if it has none."""
    for folder in map(Path, zoneinfo.TZPATH):
        if not (folder / "UTC").exists():
            continue
        for name in ("tzdata.zi", "+VERSION"):
            try:
                with (folder / name).open(encoding="ascii", errors="replace") as lines:
                    return "".join(re.findall(r"\b[0-9]{4}[a-z]+\b", lines.readline())[:1])
            except OSError:
                continue
        return ""
    return ""


def zone(name: str) -> ZoneInfo:
    """Return the IANA zone of that name. Raises BadInput, with the nearest name, if there is none."""
    zone_data_version()
    if (place := _find_place(name)) is not None:
        return place
    if name.strip().upper() in ABBREVIATIONS:
        example = ABBREVIATIONS[name.strip().upper()]
        raise BadInput(
            f"{quote(name)} is an abbreviation, not a time zone.", hint=f"Name a place, such as {example!r}."
        )
    raise BadInput(f"No time zone is called {quote(name)}.", hint=_suggest(name))


def _suggest(name: str) -> str:
    from schedbot.times.zone_suggestions import suggest_zones

    match suggest_zones(name):
        case []:
            return "Name an IANA time zone, such as 'America/New_York' or 'UTC'."
        case [zone]:
            return f"Did you mean {zone!r}?"
        case zones:
            return f"Use the zone of the place: {', '.join(map(repr, zones[:-1]))} or {zones[-1]!r}."


def _find_place(name: str) -> ZoneInfo | None:
    if name.upper() in ABBREVIATIONS or name.upper() in NOT_PLACES or name.startswith(("posix/", "right/")):
        return None
    try:
        return ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # missing; not a path; a folder
        return None


def local_zone() -> ZoneInfo:
    """Return the zone of the terminal's user: TZ, else the machine's zone, else UTC."""
    zone_data_version()
    for name in (os.environ.get("TZ", "").removeprefix(":"), _machine_zone_name()):
        if name and (place := _find_place(name.rpartition("zoneinfo/")[2])) is not None:
            return place
    return ZoneInfo("UTC")


def _machine_zone_name() -> str:
    try:
        return str(LOCALTIME.resolve(strict=True)).partition("zoneinfo/")[2]
    except OSError:
        return ""
