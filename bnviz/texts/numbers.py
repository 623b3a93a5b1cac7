"""How numbers are written on screen: few digits, the same in both languages."""

import math
from numbers import Integral
from typing import Any


def short(value: float, digits: int = 3) -> str:
    """`value` with `digits` significant digits: 0.00123, 12.3, 1,230, 1.2e-7, 8.13e7."""
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "-∞"}.get(value, "–")
    if value == int(value) and abs(value) < 1e5:
        return f"{int(value):,}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    size = int(exponent)  # of what is written: 0.9996 is 1.00
    if size > -4 and abs(value) < 1e6:
        return f"{value:,.{max(digits - 1 - size, 0)}f}"
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{size}"


def percent(share: float) -> str:
    """A share as a percentage with as many digits as it deserves."""
    return f"{short(100 * share)}\N{NO-BREAK SPACE}%" if math.isfinite(share) else "–"


def factor(divisor: float) -> str:
    """What dividing by `divisor` does, as one reads it: ÷ 410,000, × 3.2 for 0.3125, ÷ 1.03."""
    sign, by = "÷" if divisor > 1 else "×", max(divisor, 1 / divisor)
    digits = 2 if by >= 1.1 else 3
    return f"{sign}\N{NO-BREAK SPACE}{short(float(f'{by:.{digits}g}'), digits)}"


def size(count: int) -> str:
    """So many bytes in the largest unit of which there is one: 0 B, 1.03 kB, 4.2 MB, 1,500 GB."""
    rounded = float(f"{count:.3g}")  # 999,999 bytes are 1 MB
    power = min(int(math.log10(max(rounded, 1))) // 3, 3)
    return f"{short(rounded / 1000**power)}\N{NO-BREAK SPACE}{('', 'k', 'M', 'G')[power]}B"


def written(value: object, how: str = "") -> str:
    """`value` inside a sentence: a number :func:`short`, with so many digits or as "%".

    With "÷" it is what something is divided by, see :func:`factor`.
    Whole numbers keep all their digits, with "d" without commas, as names of things have
    them; with "=" any number has all its digits, and no commas, which could be decimal ones.
    What is a text already stays as it is. NaN is named: in a sentence a dash says nothing.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Integral):
        return str(value) if how == "d" else f"{int(value):,}"
    number = float(value)  # type: ignore[arg-type]
    if math.isnan(number):
        return "NaN"
    if how == "=":
        whole = number == round(number) and abs(number) < 1e21
        return f"{number:.0f}" if whole else repr(number).replace("e-0", "e-")
    if how == "÷":
        return factor(number)
    return percent(number) if how == "%" else short(number, int(how or 3))


def plain(value: float) -> str:
    """`value` as one types it, for addresses and scales: 1000, 0.25, 1e-5."""
    return f"{value:g}".replace("e-0", "e-").replace("e+0", "e") if value % 1 else f"{value:.0f}"


def plus_minus(center: float, deviation: float) -> str:
    """`center` ± `deviation`, both to the digits that the deviation makes meaningful."""
    if not (math.isfinite(center) and 0 < deviation < 1e5):
        return f"{short(center)} ± {short(deviation)}"
    decimals = 2 - math.floor(math.log10(float(f"{deviation:.2e}")))  # 0.99999 is 1.00
    if decimals > 5 or abs(center) >= 1e6:
        return f"{short(center)} ± {short(deviation)}"
    center = round(center, decimals) + 0.0  # no "-0"
    return f"{center:,.{max(decimals, 0)}f} ± {deviation:,.{max(decimals, 0)}f}"


def strict(value: Any) -> Any:
    """The same for JSON, which knows neither NaN nor infinity: they become None."""
    if isinstance(value, dict):
        return {name: strict(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [strict(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
