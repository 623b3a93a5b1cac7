"""The `bnviz` command: the same work without a browser.

Every subcommand imports what it needs when it runs, so that help comes at once.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code: 0 well, 1 failed, 2 refused, 130 Ctrl-C."""
    asked = _parser().parse_args(arguments)
    try:
        return _run(asked)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # else the reader has just seen enough
            print(f"bnviz: {error}", file=sys.stderr)
        # Python would try to write the rest once more when it ends, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(asked: argparse.Namespace) -> int:
    from bnviz.cli.errors import Refusal

    command: Callable[[argparse.Namespace], int] = asked.command
    try:
        code = command(asked)
        sys.stdout.flush()
        return code
    except Refusal as refusal:
        for line in str(refusal).splitlines():
            print(f"bnviz: {line}", file=sys.stderr)
        return 2


def _reproduce(asked: argparse.Namespace) -> int:
    from bnviz.cli.reproduce import reproduce

    return reproduce(asked)


def _train(asked: argparse.Namespace) -> int:
    from bnviz.cli.train import train

    return train(asked)


def _measure(asked: argparse.Namespace) -> int:
    from bnviz.cli.measure import measure

    return measure(asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bnviz",
        description="See what batch normalization really does, without a browser.",
        epilog="The dashboard itself: streamlit run app.py",
    )
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    reproduce = commands.add_parser(
        "reproduce",
        help="rerun the document's experiment",
        description="Run the document's experiment and print what it published beside what its "
        "code gives here, the corrected estimate and the exact eigenvalues.",
    )
    reproduce.add_argument("--json", action="store_true", help="print all numbers as JSON")
    reproduce.set_defaults(command=_reproduce)

    train = commands.add_parser(
        "train",
        help="train both nets and keep the run",
        description="Train the net with BN and the net without, and keep the run in a folder that "
        "the dashboard can open. Ctrl-C stops and keeps what is there.",
    )
    _train_options(train)
    train.set_defaults(command=_train)

    measure = commands.add_parser(
        "measure",
        help="measure how smooth the loss is",
        description="Measure the smoothness of the document's nets, or of a kept training at one "
        "of its checkpoints, and say what was found. Ctrl-C stops and keeps what is there.",
    )
    _measure_options(measure)
    measure.set_defaults(command=_measure)
    return parser


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
        help="print a config to start from: replay, scales, extremes, density, gap, along, "
        "landscape or stability",
    )


def _train_options(train: argparse.ArgumentParser) -> None:
    train.add_argument("--config", metavar="FILE", help="what to train, as JSON; see --example")
    train.add_argument("--out", metavar="DIR", help="the folder to keep the run in")
    train.add_argument("--json", action="store_true", help="print the last snapshot as JSON")
    train.add_argument("--example", action="store_true", help="print a config to start from")
    data = train.add_argument_group("your own data")
    data.add_argument("--table", metavar="FILE", help="learn from this CSV or Parquet file")
    data.add_argument("--target", metavar="COLUMN", help="the column to predict")
    data.add_argument(
        "--columns", metavar="A,B,...", help="the columns to predict from (default: all others)"
    )
    data.add_argument(
        "--missing",
        choices=["drop", "mean", "median", "zero"],
        default="drop",
        help="rows with missing values: drop them (the default), or fill the gaps with this",
    )


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
