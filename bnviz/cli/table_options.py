"""The options that name a user's own file and say how it is written; imports nothing slow."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any, get_args

from bnviz.files.dialect import CHARACTERS, ENCODINGS, SIGN, Decimal, Separator, Total


def add(parser: argparse.ArgumentParser) -> None:
    """Adds them to a command's options."""
    data = parser.add_argument_group("your own data")
    data.add_argument("--table", metavar="FILE", help="learn from this CSV, Excel or Parquet file")
    data.add_argument("--target", metavar="COLUMN", help="the column to predict")
    data.add_argument(
        "--columns", metavar="A,B,...", help="the columns to predict from (default: all others)"
    )
    data.add_argument(
        "--fill",
        choices=["drop", "mean", "median", "zero"],
        default="drop",
        help="rows with missing values: drop them (the default), or fill the gaps with this",
    )
    file = parser.add_argument_group("how your file is written, if it is read wrong")
    file.add_argument("--separator", choices=get_args(Separator), type=_named(CHARACTERS))
    file.add_argument("--decimal", choices=get_args(Decimal), type=_named(SIGN))
    file.add_argument("--encoding", metavar="NAME", choices=ENCODINGS, help=", ".join(ENCODINGS))
    file.add_argument("--header", metavar="ROW", type=int, help="the row of the names; 0: none")
    file.add_argument(
        "--missing",
        metavar="A,B,...",
        help="cells that stand for a missing value, as in --missing=-200,9999, or none; "
        "empty cells and words like NA always do",
    )
    file.add_argument(
        "--total",
        choices=get_args(Total),
        help="what becomes of a last row that looks like a total",
    )
    file.add_argument("--sheet", metavar="NAME", help="the sheet of a workbook")
    file.add_argument("--range", metavar="B3:F20", help="the cells of a sheet")


def _named(characters: Mapping[Any, str]) -> Callable[[str], str]:
    """Takes the character itself for its name, as in --separator=';'."""
    names = {character: name for name, character in characters.items()}
    return lambda typed: names.get(typed, typed)
