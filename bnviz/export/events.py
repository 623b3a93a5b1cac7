"""A training as TensorBoard event files; needs the package tensorboard."""

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from bnviz.export.frames import PER_SEED
from bnviz.export.training import Training, Wording


def available() -> bool:
    """Whether tensorboard is installed."""
    from importlib.util import find_spec

    return find_spec("tensorboard") is not None


def events(training: Training, wording: Wording) -> bytes:
    """A ZIP file with a folder of events for each net and seed; the step is the epoch."""
    with tempfile.TemporaryDirectory() as folder:
        for net in training.snapshots[-1].nets:
            called = training.config.network.first_net if net == "bn" else net
            for seed in range(training.config.seeds):
                name = f"{training.run.id}/{called}/seed-{training.config.seed + seed}"
                _write(training, net, seed, Path(folder, name))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(Path(folder).rglob("*tfevents*")):
                archive.write(file, file.relative_to(folder))
        return packed.getvalue()


def _write(training: Training, net: str, seed: int, folder: Path) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder))
    began = (training.run.started or training.run.created).timestamp()
    for snapshot in training.snapshots:
        fields = {name: getattr(snapshot.nets[net], name) for name in PER_SEED}
        values = [
            Summary.Value(tag=name, simple_value=float(each[seed]))
            for name, each in fields.items()
            if each.size and np.isfinite(each[seed])
        ]
        time, step = began + snapshot.seconds, snapshot.epoch
        writer.add_event(Event(wall_time=time, step=step, summary=Summary(value=values)))
    writer.close()
