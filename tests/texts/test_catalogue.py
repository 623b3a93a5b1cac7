"""The text catalogue: two languages, the same keys and placeholders."""

import math
import re
import string
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as hst

from bnviz.core.verdict import Verdict
from bnviz.texts.catalogue import LANGUAGES, _Writer, catalogue, sentence, worded
from bnviz.texts.markdown import as_typed, literal

EN, ZH = catalogue("en"), catalogue("zh")


def placeholders(text: str) -> set[str]:
    return {name for name, _ in written(text)}


def specs(text: str) -> list[tuple[str, str]]:
    """Each placeholder and how it is written."""
    parsed = string.Formatter().parse(text)
    return [(name, str(how)) for _, name, how, _ in parsed if name is not None]


def written(text: str) -> set[tuple[str, str]]:
    """The same; but singular and plural are each language's own."""
    return {(name, "" if "|" in how else how) for name, how in specs(text)}


@pytest.mark.parametrize("text", [EN, ZH], ids=LANGUAGES)
def test_nothing_pale_holds_code(text: dict[str, str]) -> None:
    """Captions and quotations fade what is in them, and code in them beyond what can be read."""
    pale = [key for key in text if key.rpartition(".")[2] in ("caption", "symptom")]
    assert pale and [key for key in pale if "`" in text[key]] == []


# ---------------------------------------------------------------- the two languages


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(EN) == list(ZH)
    assert set(LANGUAGES) == {"en", "zh"}


def test_both_languages_put_in_the_same_values() -> None:
    assert [key for key in EN if written(EN[key]) != written(ZH[key])] == []
    named = {name for text in EN.values() for name in placeholders(text)}
    assert all(name.isidentifier() for name in named), "named, so that their order is free"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_ragged(language: str) -> None:
    texts = dict(catalogue(language))
    between = texts.pop("sentence.between")
    assert between.strip() == "", "what stands between two sentences"
    texts.pop("sentence.comma")
    for key, text in texts.items():
        assert text.strip() and text.strip() == text, key
        assert "  " not in text, key


#: Words that stay as they are: names of things, and lines one types.
NAMES = re.compile(
    r"`[^`]*`|\{[^}]*\}|Ioffe 与 Szegedy，Batch Normalization，ICML 2015"
    r"|(torch\.nn\.)?BatchNorm1d|net\.half\(\)|affine|requires_grad|“Expected more than [^”]*”"
    r"|BNVIZ_\w+|Set-Cookie|CSV|Excel|Parquet|B3:F20|xlsx|NA|n/a|null|PyTorch|NumPy|ReLU|tanh|SGD|Adam|Jupyter|TensorBoard|HTML|torch"
    r"|b?float(16|32|64)|RMS|Transformer|eval\(\)|train\(\)|UTF-8|ZIP|MB|GB|NaN|Lanczos"
    r"|Hessian|Lipschitz|tr\(H²\)|\|Hu\||\|Hd\||Hutch|Santurkar|Ghorbani|LeCun|Kanter|Solla"
    r"|Cohen|Li 等人|VGG|Dropout|batch normalization"
    r"|BN|DyT|Esc|track_running_stats( = False)?|SAM|EMA|SWA|GPU|SyncBatchNorm|R²|epsilon|vol"
    r"|momentum|None|Dask|L2|sqrt|for 循环|JSON|PNG|SVG|bnviz|Keras|Tab|Page Up|Page Down"
)


def test_chinese_is_chinese() -> None:
    """No English word is left in a Chinese text."""
    words = {key: re.findall(r"[A-Za-z]{2,}", NAMES.sub("", text)) for key, text in ZH.items()}
    assert {key: left for key, left in words.items() if left} == {}


def test_english_has_no_chinese() -> None:
    assert [key for key, text in EN.items() if re.search(r"[一-鿿，。：；（）、]", text)] == []


def test_chinese_punctuation() -> None:
    """After a Chinese character stands a Chinese mark."""
    wrong = re.compile(r"[一-鿿][,;:?!()]|[一-鿿]\.(?!\w)")
    assert [text for text in ZH.values() if wrong.search(text)] == []


def test_bold_words_end_where_markdown_sees_it() -> None:
    """CommonMark does not end bold between a mark (or %) and a word without a blank."""
    bold = [m[0] for text in ZH.values() for m in re.finditer(r"\*\*[^*]+\*\*[\w{]?", text)]
    assert [each for each in bold if re.search(r"(:%\}|[^\w\s}])\*\*[\w{]$", each)] == []


def test_what_ends_as_a_sentence_does_so_in_both() -> None:
    for key, text in EN.items():
        if len(text) > 25:
            ends = bool(re.search(r"[.?!]$", text)), bool(re.search(r"[。？！]$", ZH[key]))
            assert ends[0] == ends[1], key


# ---------------------------------------------------------------- saying a sentence


def test_values_are_put_in() -> None:
    said = sentence("en", "one_batch.note.limited", limit=13, asked=64)
    assert "13" in said and "64" in said and "{" not in said


@pytest.mark.parametrize(
    ("spec", "value", "text"),
    [
        ("", 48, "48"),
        ("", 1_234_567, "1,234,567"),
        ("d", 12_345, "12345"),
        ("=", 2025.0, "2025"),
        ("=", 1234567.891, "1234567.891"),
        ("=", 1e-5, "1e-5"),
        ("", math.nan, "NaN"),
        ("%", math.nan, "NaN"),
        ("", 0.123456, "0.123"),
        ("2", 0.123456, "0.12"),
        ("%", 0.5, "50\N{NO-BREAK SPACE}%"),
        ("@net", "plain", "Without BN"),
        ("seed has|seeds have", 1, "seed has"),
        ("seed has|seeds have", 2, "seeds have"),
        ("# seed|# seeds", 0, "0 seeds"),
        ("# seed|# seeds", 1.0, "1 seed"),
        ("# seed|# seeds", 1.5, "1.50 seeds"),
        ("", ("a", "b"), "a, b"),
        ("", tuple("abcdef"), "a, b, c, d, and 2 more"),
    ],
)
def test_a_sentence_says_how_its_values_are_written(spec: str, value: object, text: str) -> None:
    assert _Writer("en").format_field(value, spec) == text


def test_a_counted_noun_knows_its_singular() -> None:
    """No "1 nets": what a number counts is written {count:# net|# nets}."""
    counted = re.compile(
        r"\{\w+\}\s(?:random |training |numeric |full |whole |other )?(?:seeds|nets|rows|columns|"
        r"epochs(?!/)|features|batches|probes|cells|values|numbers|steps|parts|lines)\b"
    )
    assert {key: text for key, text in EN.items() if counted.search(text)} == {}
    forms = [how for text in ZH.values() for _, how in specs(text) if "|" in how]
    assert forms == [], "Chinese has one form"


def test_numbers_keep_their_unit_on_their_line() -> None:
    for text in (*EN.values(), *ZH.values()):
        assert not re.search(r"[\d}] (%|points|MB|个|行|倍)|# ", text)
        assert all("\N{NO-BREAK SPACE}" not in code for code in re.findall(r"`[^`]*`", text))


def test_what_a_user_typed_is_safe_in_a_verdict() -> None:
    verdict = Verdict("swallowed", {"feature": "[x](y)", "deviation": 0.5, "share": 0.25})
    text = worded("en", "one_batch.verdict", verdict)
    assert r"\[x\]\(y\)" in text and "25\N{NO-BREAK SPACE}%" in text


def test_a_verdict_may_name_a_sentence_and_hold_another() -> None:
    """What is looked up is no text to be made safe, whatever signs are in its name."""
    inner = Verdict("comparison.too_few", {"fewest": 6, "differing": 1})
    values = {"bn_wins": 1, "plain_wins": 0, "seeds": 1, "evidence": inner}
    assert worded("en", "fitness.verdict", Verdict("evidence", values)).endswith("there is 1.")
    assert _Writer("en", literal).format_field("points_squared", "@unit") == "points²"


def test_braces_in_values_are_left_alone() -> None:
    assert "{limit}" in sentence("en", "one_batch.note.limited", limit="{limit}", asked="{0}")


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        sentence("en", "no.such.key")


def test_sections_do_not_repeat_sentences_word_for_word() -> None:
    """Two long sentences alike are one sentence that will be changed in one place only."""
    texts = sorted(text for text in EN.values() if len(text) > 60)
    assert [a for a, b in pairwise(texts) if a == b] == []


@given(hst.text(hst.characters(blacklist_characters="\n\r\N{WORD JOINER}")))
def test_what_is_made_safe_is_taken_back_where_no_markdown_is_drawn(text: str) -> None:
    assert as_typed(literal(text)) == text
