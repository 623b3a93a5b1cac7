"""What a training will be, before it is launched."""

import numpy as np
import streamlit as st

from bnviz.core.configs import TrainConfig
from bnviz.core.data.tables import Dataset
from bnviz.core.training.presets import PRESETS
from bnviz.plots.fitness.predictions import targets
from bnviz.plots.labels import label
from bnviz.texts.numbers import percent, short
from bnviz.ui.figures import look, show
from bnviz.ui.fitness import compute
from bnviz.ui.fitness.settings import plan
from bnviz.ui.language import say


def preview(config: TrainConfig) -> None:
    """The two nets in a sentence, and what they will learn from."""
    dataset = compute.dataset_of(config.data)
    told, picture = st.columns([2, 3], gap="medium")
    with told:
        st.markdown(say("fitness.lead"))
        st.markdown(plan(config))
        if config == PRESETS["document"]:
            st.markdown(say("fitness.document"))
        clipping_note(config, dataset)
    y = dataset.y[:, 0].astype(np.float64)
    with picture:
        show(
            targets(y, target_of(config, dataset), look(), say),
            "targets",
            alt=say("fitness.data_alt"),
            caption=say(
                "fitness.data_caption",
                rows=f"{len(y):,}",
                mean=short(y.mean(), 4),
                deviation=short(y.std()),
                mae=short(np.abs(y - y.mean()).mean()),
            ),
        )


def clipping_note(config: TrainConfig, dataset: Dataset) -> None:
    """Say so when clipping leaves nothing to learn."""
    if config.data.source != "fitness" or not config.data.clip_scores:
        return
    free = compute.dataset_of(config.data.model_copy(update={"clip_scores": False}))
    clipped = float((dataset.y >= 100).mean())
    if clipped > 0.5:
        text = say("fitness.clipped", share=percent(clipped), mean=short(float(free.y.mean()), 4))
        st.info(text, icon=":material/info:")


def target_of(config: TrainConfig, dataset: Dataset) -> str:
    """The name of what is predicted, as the reader's language has it."""
    return say("quantity.score") if config.data.source == "fitness" else label(dataset.target)
