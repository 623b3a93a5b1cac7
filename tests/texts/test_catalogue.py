"""The text catalogue: two languages, the same keys and placeholders, nothing missing or unused."""

import ast
import re
import string
from dataclasses import dataclass, fields
from functools import cache
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as hst

from bnviz.core import flow
from bnviz.core.batchnorm import (
    agreement,
    batch_dependence,
    effect,
    implementations,
    layer_modes,
    micro_batches,
)
from bnviz.core.batchnorm.interpolation import STAGES
from bnviz.core.configs import RULES, TrainConfig
from bnviz.core.nets.norms.names import Norm
from bnviz.core.pitfalls import pitfall
from bnviz.core.pitfalls.configs import CONFIGS as PITFALLS
from bnviz.core.settings import flat
from bnviz.core.smoothness.costs import cost as smaller_measures
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.sweep import verdict as sweep
from bnviz.core.training import arena, pairing, precise_bn
from bnviz.core.training import verdict as training
from bnviz.core.training.cost import SMALLER
from bnviz.core.verdict import Verdict, keys
from bnviz.files.dialect import Decimal, Dialect, Separator
from bnviz.files.findings import FindingCode, QuestionCode, UnreadableCode
from bnviz.files.reading import Filling
from bnviz.store import errors, runs
from bnviz.texts.catalogue import LANGUAGES, _Writer, catalogue, sentence, worded
from bnviz.texts.markdown import as_typed, literal
from bnviz.ui.controls import CONTROLS
from bnviz.ui.navigation import PAGES
from bnviz.ui.one_batch.compute import notes
from bnviz.ui.smoothness.tabs import SECTIONS
from tools.server import ROOT

EN, ZH = catalogue("en"), catalogue("zh")
#: What asks for sentences; those of SECTIONED name all but the last part of a key.
SECTIONED = {"in_words", "say_verdict", "worded"}
SPEAKERS = {"say", "sentence", "show_pair"} | SECTIONED


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
    r"|BN|DyT|Esc|track_running_stats = False|SAM|EMA|SWA|GPU|SyncBatchNorm|R²|epsilon|vol|momentum"
    r"|None|Dask|L2|sqrt|for 循环|JSON|PNG|SVG|bnviz|Keras|Tab|Page Up|Page Down"
)


def test_chinese_is_chinese() -> None:
    """No English word is left in a Chinese text."""
    words = {key: re.findall(r"[A-Za-z]{2,}", NAMES.sub("", text)) for key, text in ZH.items()}
    assert {key: found for key, found in words.items() if found} == {}


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


# ---------------------------------------------------------------- code and catalogue


@dataclass(frozen=True)
class Use:
    """One place where a sentence is asked for: what its key may be, and the values given."""

    place: str
    patterns: tuple[str, ...]
    given: frozenset[str]
    complete: bool  # no **values

    @property
    def keys(self) -> set[str]:
        return {key for pattern in self.patterns for key in expand(pattern)}


@cache
def sources() -> dict[str, ast.Module]:
    files = [ROOT / "app.py"]
    for folder in ("bnviz", "pages", "tools"):
        files += sorted((ROOT / folder).rglob("*.py"))
    return {
        str(file.relative_to(ROOT)): ast.parse(file.read_text(encoding="utf-8")) for file in files
    }


@cache
def words() -> frozenset[str]:
    """Every string that stands in the code."""
    return frozenset(
        node.value
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def expand(pattern: str) -> set[str]:
    """The keys that a pattern means: by its family, else those whose other part is a word of ours.

    "one_batch.{}" means "one_batch.before", because "before" stands in the code by itself.
    """
    if "{}" not in pattern:
        return {pattern}
    if pattern in FAMILIES:
        members = FAMILIES[pattern]
        return {pattern.format(*(m if isinstance(m, tuple) else (m,))) for m in members}
    fitting = re.compile(re.escape(pattern).replace(r"\{\}", r"(\w+)"))
    return {key for key in EN if (m := fitting.fullmatch(key)) and set(m.groups()) <= words()}


def patterns(node: ast.expr) -> list[str]:
    """What an expression can be: its literal parts, with {} for the others."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return ["".join(p.value if isinstance(p, ast.Constant) else "{}" for p in node.values)]
    if isinstance(node, ast.IfExp):
        return patterns(node.body) + patterns(node.orelse)
    return []


@cache
def uses() -> tuple[Use, ...]:
    found = []
    for name, tree in sources().items():
        # Core names sentences and asks for none.
        for node in ast.walk(tree) if not name.startswith("bnviz/core/") else ():
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", None))
            # say(key); sentence(language, key); the same of sections
            place = {"sentence": 1, "worded": 1, "show_pair": 2}.get(str(called), 0)
            if called not in SPEAKERS or len(node.args) <= place:
                continue
            key = node.args[place]
            ending = ".{}" if called in SECTIONED else ""
            meant = tuple(
                p + ending for p in patterns(key) if p in FAMILIES or not p.startswith("{}")
            )
            given = frozenset(k.arg for k in node.keywords if k.arg is not None)
            complete = all(k.arg is not None for k in node.keywords)
            found.append(Use(f"{name}:{node.lineno} {ast.unparse(key)}", meant, given, complete))
    for key, text in EN.items():  # a sentence that asks for another
        sections = sorted({spec[1:] for _, spec in specs(text) if spec.startswith("@")})
        meant = tuple(f"{name}.{{}}" for name in sections)
        found.append(Use(key, meant, frozenset(), complete=False))
    return tuple(found)


def test_every_sentence_asked_for_exists() -> None:
    assert len(uses()) > 100
    for use in uses():
        for pattern in use.patterns:
            assert expand(pattern), use.place
        assert use.keys <= set(EN), use.place


def test_every_sentence_gets_the_values_it_needs() -> None:
    """Where a call spells out its keys and all its values."""
    for use in uses():
        if use.complete and use.patterns and not any("{}" in p for p in use.patterns):
            needed = [placeholders(EN[key]) - {"norm"} for key in use.keys]  # always there
            assert set().union(*needed) == use.given, use.place


def test_no_sentence_is_unused() -> None:
    used = {key for use in uses() for key in use.keys} | (words() & set(EN)) | of_controls()
    assert sorted(set(EN) - used) == []


@cache
def of_controls() -> frozenset[str]:
    """What the table of controls asks for: labels, their help, the options' labels."""
    rows = [row for page in PAGES for row in CONTROLS[page.name].values()]
    keys = {key for row in rows for key in (row.label, f"{row.label}_help") if key in EN}
    for row in rows:
        keys |= {row.option.format(option) for option in row.options} if row.options else set()
        keys |= set() if row.options or row.option == "{}" else expand(row.option)
    return frozenset(keys - set(LANGUAGES))


#: Families of keys whose members are known by a type or a table of the code.
FAMILIES: dict[str, Any] = {
    "pages.{}": [entry.name for entry in PAGES],
    "{}.title": [entry.name for entry in PAGES],
    "home.card_{}_text": [entry.name for entry in PAGES[1:]],
    "home.stage_{}": STAGES,
    "home.flow.{}": ("linear", "bn", "tanh", "play", "help"),
    "home.flow.verdict.{}": keys(flow.verdict),
    "finding.{}": get_args(FindingCode),
    "unreadable.{}": get_args(UnreadableCode),
    "problem.{}": (*get_args(errors.Code), *RULES),
    "remedy.{}": (*SMALLER, *smaller_measures.SMALLER, "nets"),
    "norm.{}": get_args(Norm),
    "rival.{}": ("batch", "none"),
    "question.{}": get_args(QuestionCode),
    "understood.{}": [field.name for field in fields(Dialect)],
    "separator.{}": get_args(Separator),
    "decimal.{}": get_args(Decimal),
    "upload.{}": get_args(Filling),
    "run.{}": get_args(runs.Status),
    "run.is_{}": get_args(runs.Status),
    "measuring.{}": get_args(runs.Status),
    "smoothness.lead.{}": SECTIONS,
    "smoothness.{}.caption": SECTIONS,
    "smoothness.{}.reading": SECTIONS,
    "smoothness.{}.verdict.{}": [
        (owner.name(), key) for owner in MEASURES.values() for key in keys(owner.verdicts)
    ],
    "one_batch.verdict.{}": keys(effect.verdict),
    "one_batch.note.{}": keys(notes),
    "one_batch.implementations.verdict.{}": keys(implementations.verdict),
    "train_vs_eval.verdict.{}": keys(agreement.verdict),
    "train_vs_eval.company.verdict.{}": keys(batch_dependence.verdict),
    "train_vs_eval.recalibrate.verdict.{}": keys(precise_bn.verdict),
    "train_vs_eval.frozen.verdict.{}": keys(layer_modes.verdict),
    "train_vs_eval.frozen.note.{}": keys(layer_modes.notes),
    "train_vs_eval.split.verdict.{}": keys(micro_batches.verdict),
    "train.{}": [path for path, _ in flat(TrainConfig()) if path != "seed"],
    "fitness.verdict.{}": keys(training.verdict),
    "fitness.diverged.{}": keys(training.divergences),
    "fitness.ending.{}": (*keys(training.ending), *keys(training.running_ends)),
    "fitness.ending_share.{}": keys(training.ending),
    "fitness.ending_spread.{}": keys(training.ending),
    "runs.pair.{}": keys(pairing.pair),
    "sweep.verdict.{}": keys(sweep.verdict),
    "fitness.arena.{}": keys(arena.verdict),
    "pitfalls.{}.verdict.{}": [
        (name, key) for name in PITFALLS for key in keys(pitfall.load(name).judge)
    ],
}


@pytest.mark.parametrize("family", FAMILIES)
def test_families_are_complete_and_asked_for(family: str) -> None:
    assert expand(family) <= set(EN)
    assert any(family in use.patterns for use in uses()), "no code asks for this family"


def test_verdicts_hold_nothing_but_what_is_decided() -> None:
    decided = {
        key
        for family in FAMILIES
        if family.endswith((".verdict.{}", ".note.{}", ".diverged.{}"))
        for key in expand(family)
    }
    owners = {key.rpartition(".")[0] for key in decided}
    assert {key for key in EN if key.rpartition(".")[0] in owners} == decided


def test_sections_hold_nothing_but_their_family() -> None:
    """A code that was dropped leaves no sentence behind."""
    for section in ("finding", "unreadable", "preset", "option", "pages", "source"):
        family = f"{section}.{{}}"
        members = expand(family) if family in FAMILIES else of_controls()
        inside = {key for key in EN if key.startswith(f"{section}.")}
        assert inside <= members, section


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
