"""The engine's process without its rehearsal: it is there at once, and knows no torch."""

from bnviz.jobs import process


def main() -> None:
    process._rehearse = lambda: None
    process.main()
