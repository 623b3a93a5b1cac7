"""Where Fitness training's controls become one TrainConfig."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bnviz.core.configs import (
    Config,
    DataConfig,
    NetworkConfig,
    OptimizerConfig,
    ProbeConfig,
    TrainConfig,
)
from bnviz.core.training.presets import PRESETS
from bnviz.ui.controls import FIRST_SEED, FITNESS
from bnviz.ui.files.upload import choose_table, choose_target
from bnviz.ui.language import say
from bnviz.ui.widgets import ask


def train_config(main: DeltaGenerator) -> TrainConfig:
    """Everything a training depends on, starting from a preset; stops while a table is missing.

    What matters most stands in `main`.
    """
    upload = st.container()
    with st.sidebar:
        preset = PRESETS[ask(FITNESS["preset"], at=main, on_change=_fill_from_preset)]
        with st.expander(say("train.data_title"), icon=":material/database:"):
            data = _data(preset.data, upload)
        with st.expander(say("train.network_title"), icon=":material/hub:"):
            network = _section(preset.network, "network", "depth", "width", "activation")
        with st.expander(say("train.normalization_title"), icon=":material/equalizer:"):
            network |= _section(preset.network, "network", "bn_position", "eps")
            network["torch_momentum"] = _torch_momentum(preset.network)
        with st.expander(say("train.optimizer_title"), icon=":material/trending_down:"):
            optimizer = _optimizer(preset)
            seeds = ask(FITNESS["seeds"], default=preset.seeds)
            seed = ask(FITNESS[FIRST_SEED], default=preset.seed)
        with st.expander(say("train.probes_title"), icon=":material/straighten:"):
            probes = _section(preset.probes, "probes", *ProbeConfig.model_fields)
    return TrainConfig(
        data=data,
        network=NetworkConfig(**network),
        optimizer=OptimizerConfig(**optimizer),
        probes=ProbeConfig(**probes),
        seeds=seeds,
        seed=seed,
    )


def _fill_from_preset() -> None:
    """Set every control to the preset just chosen."""
    preset = PRESETS[st.session_state["preset"]].model_dump()
    for name, value in preset.items():
        if isinstance(value, dict):
            st.session_state.update({f"{name}.{part}": each for part, each in value.items()})
        else:
            st.session_state[FIRST_SEED if name == "seed" else name] = value


def _section(preset: Config, path: str, *names: str) -> dict[str, Any]:
    """What is asked for in the fields `names` of the part of the config at `path`."""
    return {name: ask(FITNESS[f"{path}.{name}"], default=getattr(preset, name)) for name in names}


def _data(preset: DataConfig, upload: DeltaGenerator) -> DataConfig:
    source = ask(FITNESS["data.source"], default=preset.source)
    if source == "table":
        own = _section(preset, "data", "standardize", "validation", "seed")
        with upload:
            table = choose_table(least_columns=2, least_rows=3)
            target = choose_target(table)
        inputs = tuple(name for name in table.names if name != target)
        return DataConfig(source="table", table=table.digest, columns=inputs, target=target, **own)
    names = "samples", "clip_scores", "standardize", "validation", "seed"
    return DataConfig(source="fitness", **_section(preset, "data", *names))


def _torch_momentum(preset: NetworkConfig) -> float | None:
    cumulative = ask(FITNESS["cumulative"])
    row = FITNESS["network.torch_momentum"]
    value: float = ask(row, default=preset.torch_momentum, disabled=cumulative)
    return None if cumulative else value


def _optimizer(preset: TrainConfig) -> dict[str, Any]:
    names = "kind", "learning_rate", "epochs", "batch_size"
    optimizer = _section(preset.optimizer, "optimizer", *names)
    if optimizer["kind"] == "momentum":
        optimizer |= _section(preset.optimizer, "optimizer", "heavy_ball")
    return optimizer
