"""What is wrong with a config file, said so that it can be put right.

Every refusal names the file, the key's path, the value, the limit and what to write instead.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bnviz.core.configs import RULES
from bnviz.core.fields import Config
from bnviz.texts.catalogue import sentence
from bnviz.texts.markdown import for_terminal, printable

#: Bytes of the longest config file read; a whole config has about a thousand.
LONGEST = 1_000_000

C = TypeVar("C", bound=Config)


class Refusal(Exception):
    """The command cannot do what was asked; the message is all a person needs."""


def tell(text: str) -> None:
    """Printable lines on standard error."""
    for line in text.splitlines():
        print(printable(line), file=sys.stderr)


def beginning(path: Path, longest: int) -> bytes:
    """So many bytes of a file, or all it has; raises Refusal."""
    try:
        with path.open("rb") as file:
            return file.read(longest)
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}") from error


def read_json(path: Path, command: str = "train --example") -> dict[str, Any]:
    """The object in a JSON file; raises Refusal, which names the `command` that has an example."""
    example = f"`bnviz {command}` prints a config to start from"
    content = beginning(path, LONGEST + 1)
    if len(content) > LONGEST:
        raise Refusal(f"{path} is larger than {LONGEST:,} bytes, too large for a config; {example}")
    try:
        parsed = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refusal(f"{path} is not JSON: {error.msg} at {where}; {example}") from error
    except UnicodeDecodeError as error:
        raise Refusal(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise Refusal(f"{path} is not a config: {error}; {example}") from error
    if not isinstance(parsed, dict):
        raise Refusal(f"{path} holds {shown(parsed)}; it must hold an object {{...}}; {example}")
    return parsed


def to_config(raw: Mapping[str, Any], path: Path, model: type[C]) -> C:
    """The config that `raw`, read from `path`, describes; raises one Refusal for all its faults."""
    try:
        return model.model_validate_json(json.dumps(raw), strict=True)
    except ValidationError as error:
        root = model.model_json_schema()
        errors = error.errors(include_url=False)
        errors = [each for each in errors if not _follows(each, errors)]
        faults = [f"{path}: {_fault(each, root)}" for each in errors]
        raise Refusal("\n".join(faults)) from error


def _follows(error: ErrorDetails, errors: Sequence[ErrorDetails]) -> bool:
    """Whether a list is too short only because one of its entries is wrong."""
    at = error["loc"]
    inside = (other["loc"] for other in errors if other is not error)
    return error["type"] == "too_short" and any(loc[: len(at)] == at for loc in inside)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: JSON keeps the last, which hides a mistake."""
    keys = dict(pairs)
    if len(keys) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'the key "{twice}" appears twice; keep one of them')
    return keys


def _fault(error: ErrorDetails, root: dict[str, Any]) -> str:
    location = error["loc"]
    if error["type"] in RULES:
        return for_terminal(sentence("en", f"problem.{error['type']}", **error["ctx"]))
    if not location or error["type"].startswith("sweep_"):
        return error["msg"].removeprefix("Value error, ")
    key = ".".join(str(part) for part in location)
    schema = _schema(location, root)
    if error["type"] == "extra_forbidden":
        known = sorted(_schema(location[:-1], root).get("properties", {}))
        close = get_close_matches(str(location[-1]), known, 1)
        meant = f"did you mean {close[0]}?" if close else f"use one of {', '.join(known)}"
        return f"{key[:80]} is not a known key; {meant}"
    if error["type"] == "value_error":  # a rule about several keys at once
        rule = error["msg"].removeprefix("Value error, ")
        hint = "; --table FILE --target COLUMN fills them in" if key == "data" else ""
        return f"{key}: {rule}{hint}"
    value = shown(error["input"])
    return f"{key} is {value}; {_advice(schema) or error['msg']}"


def _schema(location: tuple[int | str, ...], root: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of the key at `location`, or an empty one if the key is unknown."""
    schema = root
    for part in location:
        schema = schema.get("items") or schema.get("properties", {}).get(part, {})
        if "$ref" in schema:
            schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


def _advice(schema: dict[str, Any]) -> str:
    """What may stand at a key with this schema."""
    if "anyOf" in schema:
        return " or ".join(filter(None, map(_advice, schema["anyOf"])))
    if "enum" in schema:
        return "use one of " + ", ".join(json.dumps(each) for each in schema["enum"])
    kinds = {
        "integer": "use a whole number",
        "number": "use a number",
        "boolean": "use true or false",
        "string": "use a text in quotes",
        "array": "use a list [...]" + _entries(schema),
        "object": "use an object {...}",
        "null": "null",
    }
    return kinds.get(schema.get("type", ""), "") + _range(schema)


def _entries(schema: dict[str, Any]) -> str:
    """What entries a list with this schema has, and how many."""
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is not None and most is not None:
        return f" of {least} to {most} entries"
    return " of texts in quotes" if schema.get("items", {}).get("type") == "string" else ""


def _range(schema: dict[str, Any]) -> str:
    limits = {
        "minimum": "from",
        "exclusiveMinimum": "above",
        "maximum": "up to",
        "exclusiveMaximum": "below",
    }
    return "".join(f" {word} {schema[key]:.12g}" for key, word in limits.items() if key in schema)


def shown(value: object) -> str:
    """A value of the file, as short as it has to be."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:60] + "..."
