"""Where Fitness training's controls become one TrainConfig, and a TrainConfig sets them."""

from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.fields import Config
from bnviz.core.nets.norms.names import NORM_SETTINGS, OVER_ROWS, Norm
from bnviz.core.settings import flat
from bnviz.core.training.presets import PRESETS
from bnviz.texts.catalogue import speaking_of
from bnviz.ui import cache
from bnviz.ui.control import in_address
from bnviz.ui.controls import FIRST_SEED, FITNESS, SHOWN
from bnviz.ui.files.upload import choose_table, choose_target
from bnviz.ui.language import say
from bnviz.ui.widgets import ask


def train_config(main: DeltaGenerator, shown: TrainConfig | None) -> TrainConfig:
    """Everything a training depends on, starting from a preset or from the training `shown`.

    What matters most stands in `main`. Stops while a table is missing.
    """
    upload = st.container()
    with st.sidebar:
        preset = _start(main, shown)
        norm: Norm = ask(FITNESS["network.norm"], at=main, default=preset.network.norm)
    with st.sidebar, speaking_of(norm):
        with st.expander(say("train.data_title"), icon=":material/database:"):
            data = _data(preset.data, upload)
        with st.expander(say("train.network_title"), icon=":material/hub:"):
            network = dict(preset.network) | {"norm": norm}
            network |= _section(preset.network, "network", "depth", "width", "activation")
        with st.expander(say("train.normalization_title"), icon=":material/equalizer:"):
            network |= _norm_settings(preset.network, norm)
            arena = ask(FITNESS["arena"], default=preset.arena)
            network |= _arena_settings(preset.network, norm) if arena else {}
        with st.expander(say("train.optimizer_title"), icon=":material/trending_down:"):
            optimizer = _optimizer(preset)
            seeds = ask(FITNESS["seeds"], default=preset.seeds)
            seed = ask(FITNESS[FIRST_SEED], default=preset.seed)
        with st.expander(say("train.probes_title"), icon=":material/straighten:"):
            names = [name for name in ProbeConfig.model_fields if name != "bn_mode"]
            names += ["bn_mode"] if norm in OVER_ROWS else []  # other norms have only one mode
            probes = dict(preset.probes) | _section(preset.probes, "probes", *names)
    return TrainConfig(
        data=data,
        network=NetworkConfig(**network),
        optimizer=OptimizerConfig(**optimizer),
        probes=ProbeConfig(**probes),
        seeds=seeds,
        seed=seed,
        arena=arena,
    )


def _start(main: DeltaGenerator, shown: TrainConfig | None) -> TrainConfig:
    """Where the settings start from.

    A link that names settings but no start was made when all of them started from the document.
    """
    starts = PRESETS | ({SHOWN: shown} if shown else {})
    named = any(FITNESS[key].name in st.query_params for key in _settings(TrainConfig()))
    start = ask(
        FITNESS["preset"],
        at=main,
        default="document" if named else None,
        options=list(starts),
        on_change=_fill_from,
        args=(starts,),
    )
    return starts[start]


def take_settings(config: TrainConfig) -> None:
    """Set the controls to a training that is opened, except those that the address names."""
    if "preset" in st.query_params:
        return
    settings = {"preset": SHOWN} | _settings(config)
    st.session_state.update(
        {key: each for key, each in settings.items() if FITNESS[key].name not in st.query_params}
    )


def _fill_from(starts: Mapping[str, TrainConfig]) -> None:
    """Set every control to the start just chosen; a label of the language before is none."""
    if (start := starts.get(st.session_state["preset"])) is not None:
        st.session_state.update(_settings(start))


def _settings(config: TrainConfig) -> dict[str, Any]:
    """What each control says for `config`, by its key; without a table, nothing of tables."""
    settings = dict(flat(config))
    settings[FIRST_SEED] = settings.pop("seed")
    digest, target = settings.pop("data.table"), settings.pop("data.target")
    if digest:
        stored = cache.table(digest)
        names = stored.names if stored else ()
        settings["table"] = digest
        if target in names:
            settings["target"] = str(names.index(target) + 1)
    settings["cumulative"] = settings["network.torch_momentum"] is None
    del settings["data.columns"]
    return {key: each for key, each in settings.items() if each is not None}


def in_fitness(config: TrainConfig) -> Iterator[tuple[str, str]]:
    """The address of these settings, where they differ from the document's."""
    document = _settings(TrainConfig())
    for key, value in _settings(config).items():
        if value != document.get(key):
            yield FITNESS[key].name, in_address(value)


def _section(preset: Config, path: str, *names: str) -> dict[str, Any]:
    """What is asked for in the fields `names` of the part of the config at `path`."""
    return {name: ask(FITNESS[f"{path}.{name}"], default=getattr(preset, name)) for name in names}


def _data(preset: DataConfig, upload: DeltaGenerator) -> DataConfig:
    source = ask(FITNESS["data.source"], default=preset.source)
    if source == "table":
        own = _section(preset, "data", "standardize", "input_scale", "validation", "seed")
        with upload:
            table = choose_table(least_columns=2, least_rows=3)
            target = choose_target(table)
        inputs = tuple(name for name in table.names if name != target)
        return DataConfig(source="table", table=table.digest, columns=inputs, target=target, **own)
    names = "samples", "clip_scores", "standardize", "input_scale", "validation", "seed"
    return DataConfig(source="fitness", **_section(preset, "data", *names))


def _norm_settings(preset: NetworkConfig, norm: Norm) -> dict[str, Any]:
    """What can be set of the first net's norm."""
    names = [name for name in NORM_SETTINGS[norm] if name != "torch_momentum"]
    settings = _section(preset, "network", *names)
    if norm in OVER_ROWS:
        settings["torch_momentum"] = _torch_momentum(preset)
    return settings


def _arena_settings(preset: NetworkConfig, norm: Norm) -> dict[str, Any]:
    """What can be set of the other norms, and not of the first net's."""
    asked = NORM_SETTINGS[norm]
    names = dict.fromkeys(name for each in NORM_SETTINGS.values() for name in each)
    left = [name for name in names if name not in (*asked, "torch_momentum")]
    settings = _section(preset, "network", *left)
    if "torch_momentum" not in asked:
        settings["torch_momentum"] = _torch_momentum(preset)
    return settings


def _torch_momentum(preset: NetworkConfig) -> float | None:
    cumulative = ask(FITNESS["cumulative"], default=preset.torch_momentum is None)
    row = FITNESS["network.torch_momentum"]
    torch_momentum: float = ask(row, default=preset.torch_momentum, disabled=cumulative)
    return None if cumulative else torch_momentum


def _optimizer(preset: TrainConfig) -> dict[str, Any]:
    names = "kind", "learning_rate", "epochs", "batch_size"
    optimizer = preset.optimizer.model_dump() | _section(preset.optimizer, "optimizer", *names)
    if optimizer["kind"] == "momentum":
        optimizer |= _section(preset.optimizer, "optimizer", "heavy_ball")
    return optimizer
