"""Pages that are there before Streamlit's are: one template, both languages."""

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader

_PAGES: Final = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


def bare(name: str, **values: Any) -> str:
    """The page NAME.html."""
    return _PAGES.get_template(f"{name}.html").render(**values)
