"""Bytes of a text file -> its encoding, the most plausible of those that fit, and its text."""

import codecs
import io
import re
from collections.abc import Iterator
from typing import Final

import chardet

from bnviz.files.dialect import GUESSED
from bnviz.files.findings import Unreadable

_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Characters or bytes that are decoded at a time, and bytes that a guess is made from.
_PIECE, _EVIDENCE = 1 << 20, 1 << 16
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")
#: One Chinese, Japanese or Korean character inside a word of Latin letters.
_CUT_WORD: Final = re.compile("[A-Za-z][\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af][A-Za-z]")
#: Signs beside numbers, which are letters in other encodings and rare ones there.
_SIGNS: Final = frozenset("°²³¹µ±·×÷½¼€£§")
#: The letter ñ stands before a vowel, and ń, the same byte in Central Europe, never does.
_NO_ENYE: Final = re.compile("[ñÑ](?![aeiouáéíóúAEIOUÁÉÍÓÚ])")
_SPANISH: Final = frozenset("ñÑáéíóúüÁÉÍÓÚÜ")


def encoding_of(blob: bytes, asked: str | None = None) -> str:
    """The encoding of all of `blob`. Raises Unreadable when none fits, or not the one `asked`.

    A byte order mark decides, then UTF-8 if it fits, then which letters are likely beside
    each other (chardet); Latin-1, which fits any bytes, comes last.
    """
    tried = {}
    for name in [asked] if asked else _candidates(blob):
        failure = _failure(blob, name)
        if failure is None:
            return name
        tried[name] = failure
    row = blob[: min(tried.values())].count(b"\n") + 1
    raise Unreadable("encoding", {"tried": tuple(tried), "row": row})


def text_of(blob: bytes, encoding: str) -> Iterator[str]:
    """The text in pieces, every end of line as a line feed."""
    stream = io.TextIOWrapper(io.BytesIO(blob), _codec(encoding))
    return iter(lambda: stream.read(_PIECE), "")


def _candidates(blob: bytes) -> Iterator[str]:
    for mark, name in _BYTE_ORDER_MARKS:
        if blob.startswith(mark):
            yield name
            return
    if blob.startswith((b"%PDF-", b"{\\rtf")):
        raise Unreadable("binary", {})
    if b"\x00" in blob:
        for name in ("utf-16-le", "utf-16-be"):  # without a mark, if it is mostly ASCII
            head = blob[:2000].decode(name, "replace")
            if sum(" " <= each <= "~" or each in "\t\r\n" for each in head) > 0.8 * len(head):
                yield name
        raise Unreadable("binary", {})
    yield "utf-8"
    first = _BEYOND_ASCII.search(blob)
    start = blob.rfind(b"\n", 0, first.start()) + 1 if first else 0
    sample = blob[start : start + _EVIDENCE]
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    western = sample.decode("cp1252", "replace")
    letters = {each for each in western if not each.isascii()} - _SIGNS
    spanish = letters <= _SPANISH and letters & {"ñ", "Ñ"} and not _NO_ENYE.search(western)
    if not letters or spanish:
        yield "cp1252"
    guesses = chardet.detect_all(sample, include_encodings=GUESSED, compat_names=False)
    names = [guess["encoding"] for guess in guesses if guess["encoding"]]
    texts = {name: sample.decode(name, "replace") for name in names}
    for name in sorted(texts, key=lambda name: _CUT_WORD.search(texts[name]) is not None):
        yield "cp1252" if texts[name] == western else name
    yield "latin-1"


def _failure(blob: bytes, encoding: str) -> int | None:
    """About where the bytes stop to make sense, or None."""
    decoder = codecs.getincrementaldecoder(_codec(encoding))()
    start = 0
    try:
        for start in range(0, len(blob), _PIECE):
            decoder.decode(blob[start : start + _PIECE], start + _PIECE >= len(blob))
    except UnicodeError as error:
        return start + (error.start if isinstance(error, UnicodeDecodeError) else 0)
    return None


def _codec(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding  # with or without a mark
