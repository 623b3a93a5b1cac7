"""The check that code and catalogue agree can fail."""

import pytest

from bnviz.texts.catalogue import catalogue
from tools.sentences import faults

EN = dict(catalogue("en"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"home.planted": "Nobody says so."}, "home.planted: unused"),
        ({"one_batch.verdict.planted": "Nothing decides so."}, "one_batch.verdict.planted: unused"),
        ({"upload.as_found": None}, "upload.as_found: asked for and missing"),
        (
            {"one_batch.verdict.swallowed": None},
            "one_batch.verdict.swallowed: asked for and missing",
        ),
        ({"upload.as_found": "{planted}"}, "needs ['planted'], is given []"),
    ],
)
def test_each_fault_is_named(changed: dict[str, str | None], said: str) -> None:
    texts = {key: text for key, text in (EN | changed).items() if text is not None}
    (fault,) = faults(texts)
    assert fault.endswith(said)
