"""Why a config is no sweep, in the reader's language: what is wrong, its value, what may be."""

import json
from typing import Any

from pydantic_core import ErrorDetails

from bnviz.core.configs import RULES
from bnviz.texts.markdown import literal
from bnviz.ui.fitness.settings import in_words, label
from bnviz.ui.language import say

#: pydantic's kinds of errors, by the sentence that words them, and where the limit stands.
_KINDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("most", "le"),
    "literal_error": ("option_of", "expected"),
    "too_short": ("too_few", "min_length"),
    "too_long": ("too_many", "max_length"),
    "missing": ("missing", ""),
    "extra_forbidden": ("unknown", ""),
}


def refused(error: ErrorDetails) -> str:
    """What pydantic or a rule of ours has against a config, as Markdown."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in RULES:
        return say(f"problem.{kind}", **context)
    if kind == "sweep_no_training":
        named = [f"{label(path)} {in_words(path, v)}" for path, v in context["settings"].items()]
        together, why = say("sentence.comma").join(named), refused(context["problem"])
        return say("sweep.refused.sweep_no_training", where=together, why=why)
    if kind.startswith("sweep_"):
        return say(f"sweep.refused.{kind}", **_safe(context))
    name, limit = _KINDS.get(kind, ("other", ""))
    where = literal(".".join(map(str, error["loc"]))) or say("sweep.own_label")
    return say(
        f"sweep.refused.{name}",
        setting=where,
        entry=literal(json.dumps(error["input"], ensure_ascii=False, default=str)[:40]),
        limit=literal(str(context.get(limit, ""))),
    )


def _safe(context: dict[str, Any]) -> dict[str, Any]:
    """Texts among the values may be a visitor's, but for a field, which has been looked up."""
    texts = {n: literal(v) for n, v in context.items() if isinstance(v, str) and n != "field"}
    return context | texts
