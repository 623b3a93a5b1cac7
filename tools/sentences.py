"""``python -m tools.sentences``: what the code says and what the catalogue holds are the same.

Names each sentence that is asked for and missing, that nothing asks for, or that is asked for
without a value it needs. The keys of a family (of a verdict, a status, a page) are declared by a
type or a table of the code; where a key stands in a call, the source is read.
"""

import ast
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, get_args

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
from bnviz.core.verdict import keys
from bnviz.files.dialect import Decimal, Dialect, Separator
from bnviz.files.findings import FindingCode, QuestionCode, UnreadableCode
from bnviz.files.reading import Filling
from bnviz.store import errors
from bnviz.store.records import Status
from bnviz.texts.catalogue import catalogue
from bnviz.ui.controls import CONTROLS
from bnviz.ui.navigation import PAGES
from bnviz.ui.one_batch.compute import notes
from bnviz.ui.smoothness.tabs import SECTIONS
from tools.server import ROOT

Texts = Mapping[str, str]

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
    "run.{}": get_args(Status),
    "run.is_{}": get_args(Status),
    "measuring.{}{}": [
        *((status, "") for status in get_args(Status)),
        *((status, "_early") for status in ("stopped", "interrupted")),
    ],
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

#: What asks for sentences; those of SECTIONED name all but the last part of a key.
SECTIONED = {"in_words", "say_verdict", "worded"}
SPEAKERS = {"say", "sentence", "show_pair"} | SECTIONED
#: What holds nothing but its family, or the options of controls.
CLOSED = ("finding", "unreadable", "preset", "option", "pages", "source")


@dataclass(frozen=True)
class Use:
    """One place where a sentence is asked for: what its key may be, and the values given."""

    place: str
    patterns: tuple[str, ...]
    given: frozenset[str]
    complete: bool  # no **values


def faults(texts: Texts) -> Iterator[str]:
    """What is wrong between the code and the catalogue `texts`, a line each."""
    uses = (*of_code(), *of_texts(texts))
    used = (words() & set(texts)) | of_controls(texts)
    for use in uses:
        meant = [(pattern, expand(pattern, texts)) for pattern in use.patterns]
        used |= set().union(*(members for _, members in meant))
        yield from (f"{use.place}: nothing is said by {name}" for name, keys in meant if not keys)
        if use.complete and meant and not any("{}" in pattern for pattern in use.patterns):
            needed = set().union(*(placeholders(texts.get(p, "")) for p in use.patterns))
            if needed - {"norm"} != use.given:  # which is always there
                yield f"{use.place}: needs {sorted(needed)}, is given {sorted(use.given)}"
    asked = {pattern for use in uses for pattern in use.patterns}
    yield from (f"{family}: no code asks for it" for family in FAMILIES if family not in asked)
    yield from (f"{key}: asked for and missing" for key in sorted(used - set(texts)))
    yield from (f"{key}: unused" for key in sorted(set(texts) - used | undecided(texts)))


def undecided(texts: Texts) -> set[str]:
    """Keys that stand beside those of a family: of a verdict or a code that was dropped."""
    ends = (".verdict.{}", ".note.{}", ".diverged.{}")
    decided = {key for family in FAMILIES if family.endswith(ends) for key in expand(family, texts)}
    owners = {key.rpartition(".")[0] for key in decided}
    left = {key for key in texts if key.rpartition(".")[0] in owners} - decided
    for section in CLOSED:
        family = f"{section}.{{}}"
        members = expand(family, texts) if family in FAMILIES else of_controls(texts)
        left |= {key for key in texts if key.startswith(f"{section}.")} - members
    return left


def expand(pattern: str, texts: Texts) -> set[str]:
    """The keys that a pattern means: by its family, else those whose other part is a word of ours.

    "one_batch.{}" means "one_batch.before", because "before" stands in the code by itself.
    """
    if "{}" not in pattern:
        return {pattern}
    if pattern in FAMILIES:
        members = FAMILIES[pattern]
        return {pattern.format(*(m if isinstance(m, tuple) else (m,))) for m in members}
    fitting = re.compile(re.escape(pattern).replace(r"\{\}", r"(\w+)"))
    return {key for key in texts if (m := fitting.fullmatch(key)) and set(m.groups()) <= words()}


def placeholders(text: str) -> set[str]:
    """The names of the values that a sentence needs."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def of_controls(texts: Texts) -> set[str]:
    """What the table of controls asks for: labels, their help, the options' labels."""
    rows = [row for page in PAGES for row in CONTROLS[page.name].values()]
    asked = {key for row in rows for key in (row.label, f"{row.label}_help") if key in texts}
    for row in rows:
        if row.option != "{}":
            named = {row.option.format(option) for option in row.options}
            asked |= named or expand(row.option, texts)
    return asked


def of_texts(texts: Texts) -> Iterator[Use]:
    """The sentences that ask for another, {net:@net}."""
    for key, text in texts.items():
        specs = {spec for _, _, spec, _ in string.Formatter().parse(text) if spec}
        meant = tuple(f"{spec[1:]}.{{}}" for spec in sorted(specs) if spec.startswith("@"))
        yield Use(key, meant, frozenset(), complete=False)


@cache
def of_code() -> tuple[Use, ...]:
    """The calls that ask for a sentence. Core names sentences and asks for none."""
    asking = {name: tree for name, tree in sources().items() if "bnviz/core/" not in name}
    return tuple(
        use
        for name, tree in asking.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and (use := use_of(node, name))
    )


def use_of(call: ast.Call, file: str) -> Use | None:
    """What a call asks for, if it is of one that says sentences."""
    called = getattr(call.func, "id", getattr(call.func, "attr", ""))
    # say(key); sentence(language, key); the same of sections
    place = {"sentence": 1, "worded": 1, "show_pair": 2}.get(called, 0)
    if called not in SPEAKERS or len(call.args) <= place:
        return None
    key = call.args[place]
    ending = ".{}" if called in SECTIONED else ""
    meant = [p + ending for p in patterns(key) if p in FAMILIES or not p.startswith("{}")]
    given = frozenset(k.arg for k in call.keywords if k.arg is not None)
    complete = all(k.arg is not None for k in call.keywords)
    return Use(f"{file}:{call.lineno} {ast.unparse(key)}", tuple(meant), given, complete)


def patterns(node: ast.expr) -> list[str]:
    """What an expression can be: its literal parts, with {} for the others."""
    match node:
        case ast.Constant(str(text)):
            return [text]
        case ast.JoinedStr(parts):
            return ["".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in parts)]
        case ast.IfExp(body=one, orelse=other):
            return patterns(one) + patterns(other)
    return []


@cache
def words() -> frozenset[str]:
    """Every string that stands in the code."""
    nodes = (node for tree in sources().values() for node in ast.walk(tree))
    return frozenset(
        n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)
    )


@cache
def sources() -> dict[str, ast.Module]:
    """The code of the product and of the other tools, parsed."""
    folders = (sorted((ROOT / name).rglob("*.py")) for name in ("bnviz", "pages", "tools"))
    files = [ROOT / "app.py", *(file for folder in folders for file in folder)]
    return {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text("utf-8")) for file in files}


if __name__ == "__main__":
    raise SystemExit("\n".join(faults(catalogue("en"))) or None)
