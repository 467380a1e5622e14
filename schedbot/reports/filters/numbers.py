"""Filters that write numbers for people: with separators, as a percentage, as a bar. Halves are rounded up.

A number may come as text, as many databases give decimals. NaN and Infinity are refused.
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from numbers import Number
from typing import Any

from schedbot.reports import escaping
from schedbot.reports.filters.values import refuse, to_text

NUMERAL = re.compile(r"[+-]?[0-9]{1,100}(?:\.[0-9]{1,100})?(?:[eE][+-]?[0-9]{1,2})?")
MOST_DIGITS = 100
MOST_DECIMALS = 20
MOST_DECIMALS_BY_DEFAULT = 2
CONTEXT = Context(prec=400, rounding=ROUND_HALF_UP)
MOST_COLUMNS = 100
FULL, EMPTY = "█", "░"


def number(value: Any, decimals: Any = None, thousands: Any = ",", point: Any = ".", sign: Any = False) -> str:
    """Return a number with separators: `12,345.6`. Without `decimals`, it has at most two, and no zeros at the end."""
    return _format("number", _to_decimal("number", value), decimals, (thousands, point), bool(sign))


def percent(value: Any, decimals: Any = 0, thousands: Any = ",", point: Any = ".", sign: Any = False) -> str:
    """Return a share as a percentage: 0.123 is `12%`."""
    share = CONTEXT.multiply(_to_decimal("percent", value), Decimal(100))
    return f"{_format('percent', share, decimals, (thousands, point), bool(sign))}%"


def bar(value: Any, width: Any = 10, of: Any = 1) -> str:
    """Return a bar of `width` characters for a share, or for `value` of a maximum: `███████░░░`.

    A value below zero is an empty bar, one above the maximum a full one.
    """
    amount, most = _to_decimal("bar", value), _to_decimal("bar", of)
    if isinstance(width, bool) or not isinstance(width, int) or not 1 <= width <= MOST_COLUMNS:
        raise refuse("bar", width, "is no width", f"Give a whole number from 1 to {MOST_COLUMNS}.")
    if most < 0:
        raise refuse("bar", of, "is no maximum", "Give 0 or more as 'of'.")
    share = Decimal(amount > 0) if not most else min(max(CONTEXT.divide(amount, most), Decimal(0)), Decimal(1))
    full = int(CONTEXT.to_integral_value(CONTEXT.multiply(share, Decimal(width))))
    return FULL * full + EMPTY * (width - full)


def _to_decimal(name: str, value: Any) -> Decimal:
    text = to_text(value).strip()
    if value is None:
        raise refuse(name, value, "is no number", f"For a value that may be missing use |default(0, true)|{name}.")
    is_number = isinstance(value, Number) and not isinstance(value, bool)
    if not is_number and not isinstance(value, str):
        raise refuse(name, value, "is no number", "Give a number, such as 1234.5.")
    if not NUMERAL.fullmatch(text):
        is_nan = text.strip("+-").lower() in ("nan", "inf", "infinity")
        hint = "Test for it with {% if %}, or give another number." if is_nan else "Give a number, such as 1234.5."
        raise refuse(name, value, "is no number", hint)
    result = Decimal(text)
    if result and result.adjusted() > MOST_DIGITS:
        raise refuse(name, value, "is too large", f"At most {MOST_DIGITS} digits can be shown.")
    return result


def _format(name: str, value: Decimal, decimals: Any, separators: tuple[Any, Any], has_sign: bool) -> str:
    places = MOST_DECIMALS_BY_DEFAULT if decimals is None else decimals
    if isinstance(places, bool) or not isinstance(places, int) or not 0 <= places <= MOST_DECIMALS:
        raise refuse(name, decimals, "is no number of decimals", f"Give a whole number from 0 to {MOST_DECIMALS}.")
    rounded = value.quantize(Decimal(1).scaleb(-places), context=CONTEXT)
    digits = f"{abs(rounded):,f}"
    if decimals is None and "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    thousands, point = (escaping.protect(to_text(separator)) for separator in separators)
    digits = point.join(part.replace(",", thousands) for part in digits.split("."))
    return f"{'-' if rounded < 0 else '+' if has_sign and rounded > 0 else ''}{digits}"
