"""Where things lie on this computer: in a checkout, and once bnviz is installed."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def app() -> Path:
    """The script that Streamlit runs, with pages/ and .streamlit/ beside it."""
    installed = _PACKAGE / "dashboard" / "app.py"
    return installed if installed.is_file() else _PACKAGE.parent / "app.py"


def home() -> Path:
    """The folder of runs and tables.

    BNVIZ_HOME; else .bnviz in a checkout, and in the user's folder of data once installed.
    """
    if named := os.environ.get("BNVIZ_HOME"):
        return Path(named).absolute()
    if app().parent == _PACKAGE.parent:
        return _PACKAGE.parent / ".bnviz"
    from platformdirs import user_data_path

    return user_data_path("bnviz", appauthor=False)
