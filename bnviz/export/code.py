"""Parts of code that reads and computes again what a page shows or an export holds."""

from bnviz.core.fields import Config


def table_code(digest: str | None) -> tuple[str, str]:
    """The expression for a user's table, and the import that it needs."""
    if digest is None:
        return "None", ""
    return f"open_store().table({digest!r})", "from bnviz.store import open_store\n"


def config_code(config: Config) -> tuple[str, str]:
    """The expression for a config, and the imports that it needs.

    What is at its default is left out, and each part has a line of its own: a line of everything
    is wider than any screen, and hides what was chosen.
    """
    names: dict[str, set[str]] = {}
    expression = _constructed(config, names)
    lines = (f"from {room} import {', '.join(sorted(names[room]))}\n" for room in sorted(names))
    return expression, "".join(lines)


def _constructed(config: Config, names: dict[str, set[str]]) -> str:
    owner = type(config)
    names.setdefault(owner.__module__, set()).add(owner.__name__)
    given, parts = [], False
    for name, value in config:
        if value != owner.model_fields[name].get_default(call_default_factory=True):
            part = isinstance(value, Config)
            given.append(f"{name}={_constructed(value, names) if part else repr(value)}")
            parts |= part
    inside = "".join(f"\n    {each}," for each in given) + "\n" if parts else ", ".join(given)
    return f"{owner.__name__}({inside})"
