"""The `bnviz` command: the dashboard, or the same work without a browser.

Every command imports what it needs when it runs, so that help comes at once.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from bnviz import folders
from bnviz.cli import table_options


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code: 0 well, 1 failed, 2 refused, 130 Ctrl-C."""
    asked = _parser().parse_args(arguments)
    try:
        return _run(asked)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # a broken pipe: whoever reads has seen enough
            print(f"bnviz: {error}", file=sys.stderr)
        # Python would try to write the rest once more when it ends, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(asked: argparse.Namespace) -> int:
    if asked.command is None:
        from bnviz.ui.startup import serve

        serve(asked.port, asked.address, asked.browser)
        return 0
    from bnviz.cli.errors import Refusal, tell

    # A command is the function of its name in the module of its name.
    command = getattr(importlib.import_module(f"bnviz.cli.{asked.command}"), asked.command)
    try:
        code: int = command(asked)
        sys.stdout.flush()
        return code
    except Refusal as refusal:
        tell("\n".join(f"bnviz: {line}" for line in str(refusal).splitlines()))
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bnviz",
        formatter_class=argparse.RawDescriptionHelpFormatter,  # the other one breaks paths in two
        description="See what batch normalization really does: the dashboard in the browser, or,\n"
        "with a command, the same work without it.",
        epilog=f"Runs and tables are kept in {folders.home()}\n"
        "BNVIZ_HOME names another folder; BNVIZ_STORE another database, as an SQLAlchemy URL.",
    )
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    _dashboard_options(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for name, command in _COMMANDS.items():
        of = commands.add_parser(name, help=command.help, description=command.description)
        of.examples = command.examples
        command.options(of)
    return parser


def _dashboard_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the dashboard")
    group.add_argument("--port", type=int, help="where to serve it (default: free from 8501 on)")
    group.add_argument(
        "--address",
        metavar="IP",
        help="let others in: serve it on this address of this computer, which they open in their "
        "browsers (default: this computer alone); see README, In a lesson",
    )
    group.add_argument(
        "--no-browser", dest="browser", action="store_false", help="do not open the browser"
    )


def _runs_options(runs: argparse.ArgumentParser) -> None:
    runs.add_argument("--limit", type=int, default=20, help="how many of the newest (default: 20)")
    actions = runs.add_subparsers(dest="action", metavar="ACTION")
    export = actions.add_parser("export", help="write a run to a file")
    export.add_argument("run", metavar="ID", help="the run's id")
    export.add_argument(
        "--to",
        metavar="FILE",
        required=True,
        help="the file; its ending says the form: .csv, .parquet, .html (a report), .ipynb "
        "(a notebook), .zip (TensorBoard's event files), or .bnviz (for another bnviz), the one "
        "for sweeps and measures",
    )
    taken = actions.add_parser("import", help="take in a .bnviz file")
    taken.add_argument("file", metavar="FILE", help="the .bnviz file")


def _reproduce_options(reproduce: argparse.ArgumentParser) -> None:
    reproduce.add_argument("--json", action="store_true", help="print all numbers as JSON")


def _measure_options(measure: argparse.ArgumentParser) -> None:
    measure.add_argument("--config", metavar="FILE", help="what to measure, as JSON; see --example")
    measure.add_argument(
        "--out",
        metavar="DIR",
        help="the folder that holds the training and keeps the measure (default: the dashboard's)",
    )
    measure.add_argument("--json", action="store_true", help="print all numbers as JSON")
    measure.add_argument(
        "--example",
        metavar="KIND",
        help="print a config to start from; the kinds are listed below",
    )


def _sweep_options(sweep: argparse.ArgumentParser) -> None:
    sweep.add_argument("--config", metavar="FILE", help="what to sweep, as JSON; see --example")
    sweep.add_argument("--out", metavar="DIR", help="the folder to keep the cells and results in")
    sweep.add_argument("--json", action="store_true", help="print the results as JSON")
    sweep.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="train the cells on the Dask cluster at tcp://... (default: BNVIZ_SCHEDULER, or "
        "this machine)",
    )
    sweep.add_argument("--workers", type=int, metavar="N", help="processes (default: one a core)")
    sweep.add_argument(
        "--resume", action="store_true", help="go on with the cells that --out does not have yet"
    )
    sweep.add_argument(
        "--example",
        metavar="NAME",
        help="print a config to start from, which takes half a minute; the names are listed below",
    )


def _train_options(train: argparse.ArgumentParser) -> None:
    train.add_argument("--config", metavar="FILE", help="what to train, as JSON; see --example")
    train.add_argument("--out", metavar="DIR", help="the folder to keep the run in")
    train.add_argument("--json", action="store_true", help="print the last snapshot as JSON")
    train.add_argument("--example", action="store_true", help="print a config to start from")
    table_options.add(train)


class _Parser(argparse.ArgumentParser):
    """A command's own parser, whose help ends with the names of its examples."""

    examples: Callable[[], Iterable[str]] | None = None

    def format_help(self) -> str:
        """Imports what knows the examples only when somebody asks for help."""
        if self.examples is not None:
            self.epilog = f"Examples: {', '.join(self.examples())}"
        return super().format_help()


def _measures() -> Iterable[str]:
    from bnviz.core.smoothness.registry import MEASURES

    return MEASURES


def _sweeps() -> Iterable[str]:
    from bnviz.core.sweep.presets import PRESETS

    return PRESETS


class _Command(NamedTuple):
    help: str
    description: str
    options: Callable[[argparse.ArgumentParser], None]
    examples: Callable[[], Iterable[str]] | None = None


_COMMANDS = {
    "reproduce": _Command(
        "rerun the document's experiment",
        "Run the document's experiment and print what it published beside what its "
        "code gives here, the corrected estimate and the exact eigenvalues.",
        _reproduce_options,
    ),
    "train": _Command(
        "train both nets and keep the run",
        "Train the net with BN and the net without, and keep the run in a folder that "
        "the dashboard can open. Ctrl-C stops and keeps what is there.",
        _train_options,
    ),
    "measure": _Command(
        "measure how smooth the loss is",
        "Measure the smoothness of the document's nets, or of a kept training at one "
        "of its checkpoints, and say what was found. Ctrl-C stops and keeps what is there.",
        _measure_options,
        _measures,
    ),
    "runs": _Command(
        "list the runs, hand one on, take one in",
        "List the newest runs; write a run to a file, or take in one that another bnviz wrote.",
        _runs_options,
    ),
    "sweep": _Command(
        "train both nets over a grid of settings",
        "Train both nets for every combination of two or three settings, and say "
        "where either does better. Ctrl-C stops and keeps every cell that is finished.",
        _sweep_options,
        _sweeps,
    ),
}


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str, **options: object) -> None:
        super().__init__(option_strings, dest, nargs=0, help=str(options.get("help")))

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"bnviz {_version()}")
        parser.exit()


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version
    from pathlib import Path

    try:
        return version("bnviz")
    except PackageNotFoundError:  # run from its source, not installed
        import tomllib

        source = Path(__file__).resolve().parent.parent / "pyproject.toml"
        return str(tomllib.loads(source.read_text(encoding="utf-8"))["project"]["version"])


if __name__ == "__main__":
    sys.exit(main())
