"""Computes the sweeps that come with the package: ``python -m tools.atlas``."""

import os
import tempfile
from functools import partial
from pathlib import Path

import bnviz.core.sweep
from bnviz.core.sweep.atlas import NAMES, packed
from bnviz.core.sweep.presets import PRESETS
from bnviz.jobs import cluster, sweep
from bnviz.jobs.worker import work
from bnviz.store import Store
from bnviz.store.database import folder_url

SHIPPED = Path(bnviz.core.sweep.__file__).with_name("shipped")


def main() -> None:
    """Write every sweep of the atlas anew."""
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster.pool(cluster.scheduler(), os.cpu_count() or 1) as pool,
    ):
        store = Store(folder_url(Path(folder)))
        for name in NAMES:
            run_id = sweep.create(store, PRESETS[name])
            work(store, run_id, way=partial(sweep.work, pool=pool))
            content = packed(sweep.outcomes(store, run_id))
            (SHIPPED / f"{name}.safetensors").write_bytes(content)
            print(f"{name}: {len(content):,} bytes")
        store.close()


if __name__ == "__main__":
    main()
