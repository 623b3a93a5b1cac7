"""What the tests of files share: reading a text, and what was said of it."""

from typing import Any

import numpy as np
import pytest

from bnviz.files.dialect import Dialect
from bnviz.files.findings import Unreadable
from bnviz.files.read import read
from bnviz.files.reading import Reading

NAN = float("nan")


def text(content: str, written: str = "utf-8", **wanted: Any) -> Reading:
    return read("data.csv", content.encode(written), Dialect(**wanted))


def said(reading: Reading) -> dict[str, dict[str, Any]]:
    """The findings by key; a test that uses it expects each key once."""
    keys = [finding.key for finding in reading.findings]
    assert len(keys) == len(set(keys)), keys
    return {finding.key: dict(finding.values) for finding in reading.findings}


def asked(reading: Reading) -> list[str]:
    return [question.asked.key for question in reading.questions]


def refusal(blob: bytes, name: str = "data.csv", **wanted: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Unreadable) as caught:
        read(name, blob, Dialect(**wanted))
    return caught.value.reason.key, dict(caught.value.reason.values)


def same(got: Any, expected: Any) -> None:
    np.testing.assert_array_equal(got, np.array(expected, dtype=np.float64))
