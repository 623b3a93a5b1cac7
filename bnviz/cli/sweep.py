"""A sweep without a browser, kept as the same run that the dashboard would show."""

import argparse
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bnviz.cli.errors import Refusal, read_json, shown, tell, to_config
from bnviz.cli.foreground import EXIT, history, in_json, worked, write
from bnviz.core.sweep.config import SweepConfig
from bnviz.core.sweep.presets import PRESETS
from bnviz.core.sweep.results import Result, results
from bnviz.core.sweep.table import described
from bnviz.core.sweep.verdict import Key, better, unused, verdict
from bnviz.core.types import NETS
from bnviz.core.verdict import Verdict
from bnviz.jobs import cluster
from bnviz.jobs.sweep import create, outcomes, work
from bnviz.store import Run, Store
from bnviz.texts.catalogue import speaking_of, worded
from bnviz.texts.markdown import as_typed, for_terminal, table
from bnviz.texts.numbers import short, strict

RECORD = "sweep.json"


def sweep(arguments: argparse.Namespace) -> int:
    """`bnviz sweep`; returns the exit code. Raises Refusal."""
    if arguments.example is not None:
        if arguments.example not in PRESETS:
            names = ", ".join(PRESETS)
            raise Refusal(f"--example is {shown(arguments.example)}; use one of {names}")
        print(PRESETS[arguments.example].model_dump_json(indent=2))
        return 0
    if arguments.config is None or arguments.out is None:
        raise Refusal("sweep needs --config FILE and --out DIR, or --example NAME")
    workers = arguments.workers if arguments.workers is not None else os.cpu_count() or 1
    if workers < 1:
        raise Refusal(f"--workers is {workers}; use a whole number from 1")
    path = Path(arguments.config)
    config = to_config(read_json(path, "sweep --example NAME"), path, SweepConfig)
    for each in unused(config):
        tell(_worded(config, each))
    address = arguments.scheduler or cluster.scheduler()
    with history(arguments.out) as store:
        with cluster.pool(address, workers) as pool:
            run_id = create(store, config, resume=arguments.resume)
            run = worked(store, run_id, "cell", partial(work, pool=pool))
        return _told(store, run, config, arguments, address or f"{workers} processes")


def _told(
    store: Store, run: Run, config: SweepConfig, arguments: argparse.Namespace, engine: str
) -> int:
    compared = results(config, outcomes(store, run.id))
    said = _worded(config, *verdict(config, compared))
    record = {
        "run": run.id,
        "status": run.status,
        "config": config.model_dump(mode="json"),
        "cells": [described(each) for each in compared],
        "verdict": said,
        "engine": engine,
        "seconds": run.seconds,
    }
    text = in_json(strict(record))
    print(text if arguments.json else "\n\n".join([*_tables(config, compared), said]))
    path = Path(arguments.out) / RECORD
    write(path, text)
    tell(f"All numbers are in {path}; the dashboard shows them at /sweep?run={run.id}")
    return EXIT[run.status]


def _worded(config: SweepConfig, *verdicts: Verdict[Key]) -> str:
    """What was decided of a sweep, as a terminal shows it."""
    with speaking_of(config.base.network.norm):
        return as_typed(for_terminal(worded("en", "sweep.verdict", *verdicts)))


def _tables(config: SweepConfig, compared: list[Result]) -> Iterator[str]:
    """A Markdown table, a row a comparison; none without any."""
    if not compared:
        return
    names = list(compared[0].settings)
    head = [*names, f"{config.metric} normalized", f"{config.metric} plain", "q", "better"]
    lines = []
    for each in compared:
        described_nets = described(each)
        medians = [short(described_nets[net]["median"]) for net in NETS]
        values = [str(each.settings[name]) for name in names]
        lines.append([*values, *medians, short(each.q), better(each)])
    yield table(head, lines)
