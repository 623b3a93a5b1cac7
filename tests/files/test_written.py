"""Whatever pandas or openpyxl write in any dialect is read back, or asked about: never wrong."""

import csv
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from babel.numbers import format_currency, format_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from bnviz.files.dialect import Dialect
from bnviz.files.read import read
from bnviz.files.reading import Reading

#: Names that every encoding of its group can write.
NAMES = {
    "utf-8": ["height", "größe", "体重", "Ось", "m³/s"],
    "utf-16": ["height", "größe", "体重"],
    "cp1252": ["height", "Größe", "Länge", "año", "durée"],
    "gb18030": ["身高", "体重", "温度", "压力"],
}
numbers = st.one_of(
    st.integers(-(10**6), 10**6).map(float),
    st.decimals(-9999, 9999, places=3).map(float),
    st.decimals(-99, 99, places=1).map(float),
    st.floats(-1e25, 1e25).filter(lambda number: abs(number) > 1e-25 or number == 0),
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[pd.DataFrame, dict[str, Any], str]:
    """A table, and how pandas is to write it."""
    encoding = draw(st.sampled_from(list(NAMES)))
    names = draw(st.lists(st.sampled_from(NAMES[encoding]), min_size=1, max_size=4, unique=True))
    rows = draw(st.integers(2, 8))
    gap = st.one_of(*[numbers] * 6, st.just(np.nan))
    columns = {
        name: draw(st.lists(gap, min_size=rows, max_size=rows).filter(lambda c: c[0] == c[0]))
        for name in names
    }
    separator, decimal = draw(
        st.tuples(st.sampled_from(",;\t|"), st.sampled_from(".,")).filter(
            lambda two: two[0] != two[1]
        )
    )
    how = {
        "sep": separator,
        "decimal": decimal,
        "na_rep": draw(st.sampled_from(["", "NA", "NaN", "null", "-", "?"])),
        # Decimal commas and nothing else, not even a name, are two columns to anybody.
        "header": draw(st.booleans()) or (decimal == "," and len(names) == 1),
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC, csv.QUOTE_ALL])),
        "lineterminator": draw(st.sampled_from(["\n", "\r\n"])),
        "float_format": draw(st.sampled_from([None, "%.3f", "%.2f"])),
        "index": draw(st.booleans()),
    }
    return pd.DataFrame(columns), how, encoding


@settings(deadline=None, max_examples=150)
@given(tables())
def test_what_pandas_writes(case: tuple[pd.DataFrame, dict[str, Any], str]) -> None:
    frame, how, encoding = case
    blob = frame.to_csv(**how).encode(encoding)
    truth = {
        "decimal": "point" if how["decimal"] == "." else "comma",
        "header": 1 if how["header"] else 0,
        "missing": (),
    }
    got = answered(blob, truth)
    expected = (
        frame
        if how["float_format"] is None
        else frame.map(lambda x: float(how["float_format"] % x))
    )
    if how["index"]:
        expected = expected.reset_index()
    np.testing.assert_array_equal(got.values, expected.to_numpy()[got.rows - got.rows[0]])
    if how["header"]:
        if got.dialect.encoding != encoding and not blob.isascii():  # a guess can be corrected
            assert encoding == "cp1252" and "encoding" in {each.key for each in got.findings}
            got = read("table.csv", blob, replace(got.dialect, encoding=encoding))
        assert list(got.names[how["index"] :]) == list(frame.columns)


#: Countries and the separator that Excel writes there.
COUNTRIES = {
    "en_US": ",",
    "en_IN": ",",
    "zh_CN": ",",
    "de_DE": ";",
    "de_AT": ";",
    "de_CH": ";",
    "fr_FR": ";",
    "fr_CH": ";",
    "es_ES": ";",
    "it_IT": ";",
    "pl_PL": ";",
    "sv_SE": ";",
    "pt_BR": ";",
    "ru_RU": ";",
}
amounts = st.lists(st.decimals(-(10**7), 10**7, places=2), min_size=3, max_size=6)


@settings(deadline=None, max_examples=100)
@given(st.data(), st.sampled_from(list(COUNTRIES)), st.sampled_from(["excel", "\t"]))
def test_what_countries_write(data: st.DataObject, country: str, separator: str) -> None:
    """Against babel, which knows how each country writes numbers, percentages and money."""
    plain, money = data.draw(amounts), data.draw(amounts)
    rows = min(len(plain), len(money))
    count = [int(each) for each in plain]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=COUNTRIES[country] if separator == "excel" else separator)
    writer.writerow(["count", "plain", "money"])
    for each, amount, price in zip(count, plain, money, strict=False):
        written = (
            format_decimal(each, locale=country),
            format_decimal(amount, "#,##0.00", locale=country),
            format_currency(price, "EUR", locale=country),
        )
        writer.writerow(written)
    truth: dict[str, Any] = {"missing": (), "header": 1}
    truth["decimal"] = "comma" if "," in format_decimal(0.5, locale=country) else "point"
    got = answered(out.getvalue().encode(), truth)
    expected = np.column_stack([count[:rows], plain[:rows], money[:rows]]).astype(np.float64)
    np.testing.assert_array_equal(got.values, expected)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.one_of(numbers, st.none()), min_size=2, max_size=2), min_size=2))
def test_what_openpyxl_writes(rows: list[list[float | None]]) -> None:
    rows[0] = [1.5, -2.0]
    got = answered(workbook([["a", "b"], *rows]), {"missing": ()})
    expected = np.array(rows, np.float64)[got.rows - 2]
    np.testing.assert_allclose(got.values, expected, rtol=1e-15)  # openpyxl writes 16 digits


def workbook(rows: list[list[Any]]) -> bytes:
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def answered(blob: bytes, truth: dict[str, Any]) -> Reading:
    """The reading, with every question answered truly."""
    asked = Dialect()
    reading = read("table.csv", blob)
    while reading.questions:
        key = reading.questions[0].asked.key
        assert truth[key] in reading.questions[0].answers.values()
        asked = replace(asked, **{key: truth[key]})
        reading = read("table.csv", blob, asked)
    return reading
