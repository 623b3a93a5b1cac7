"""What can be swept, and what the cells of a sweep are."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bnviz.core.configs import NetworkConfig, TrainConfig
from bnviz.core.sweep.config import FIELDS, RATE, SweepConfig, cells
from bnviz.core.sweep.plan import NETWORKS, groups
from bnviz.core.sweep.presets import PRESETS


def grid(*axes: tuple[str, Any], **more: Any) -> SweepConfig:
    swept = [{"field": field, "values": values} for field, values in axes]
    return SweepConfig.model_validate({"axes": swept, **more})


def test_cells_are_the_base_with_their_settings_put_in() -> None:
    base = TrainConfig(seeds=2, network=NetworkConfig(depth=3))
    config = grid(("network.eps", (1e-3, 1)), (RATE, (0.1, 0.2, 0.3)), base=base)
    every = cells(config)
    assert [cell.index for cell in every] == list(range(6))
    assert every[4].place == (1, 1) and every[4].settings == {"network.eps": 1, RATE: 0.2}
    assert every[4].config == base.model_copy(
        update={
            "network": NetworkConfig(depth=3, eps=1.0),
            "optimizer": base.optimizer.model_copy(update={"learning_rate": 0.2}),
        }
    )
    assert SweepConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("axes", "more", "told"),
    [
        ([("network.depht", (1, 2)), (RATE, (1,))], {}, "use one of network.depth"),
        ([("network.depth", (1, 1)), (RATE, (1,))], {}, "takes a value twice"),
        ([(RATE, (1, 2)), (RATE, (3,))], {}, "the same setting"),
        (
            [("network.depth", (1, 0)), (RATE, (1,))],
            {},
            "a training cannot have network.depth = 0: ",
        ),
        ([("network.depth", (1,)), ("network.eps", (1,))], {"metric": "stable_rate"}, "needs an"),
        ([("seeds", (1, 2)), (RATE, (1,))], {}, "cannot be swept"),
        ([("seed", (1, 2)), (RATE, (1,))], {}, "cannot be swept"),
        (
            [("data.samples", tuple(range(10, 74))), ("data.seed", tuple(range(64)))],
            {},
            "4096 cells; the limit is 1024",
        ),
    ],
)
def test_what_is_no_sweep_is_refused_in_a_sentence(
    axes: list[tuple[str, Any]], more: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError, match=told.replace("?", r"\?")):
        grid(*axes, **more)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(FIELDS) | st.text(),
            st.lists(VALUES | st.sampled_from([1, 2, 0.1, "batch", "sgd"]), max_size=3),
        ),
        max_size=4,
    )
)
def test_any_config_is_a_sweep_or_refused(axes: list[tuple[str, Any]]) -> None:
    """Whoever pastes a config of their own gets its cells or a sentence."""
    try:
        config = grid(*axes)
    except ValidationError:
        return
    assert sum(len(group.cells) for group in groups(config, 100, 3)) == len(cells(config)) > 0


@pytest.mark.parametrize("name", PRESETS)
def test_every_cell_is_in_one_group_and_corners_come_first(name: str) -> None:
    config = PRESETS[name]
    plan = groups(config, 1000, 3)
    indices = [cell.index for group in plan for cell in group.cells]
    assert sorted(indices) == list(range(len(cells(config))))
    sizes = [len(axis.values) for axis in config.axes]
    corners = {(row, column) for row in (0, sizes[0] - 1) for column in (0, sizes[1] - 1)}
    assert corners & {cell.place for cell in plan[0].cells}
    for group in plan:
        assert len(group.cells) * config.base.seeds <= NETWORKS
    left = groups(config, 1000, 3, done=indices[3:])
    assert sorted(cell.index for group in left for cell in group.cells) == sorted(indices[:3])
    assert sum(group.cost.seconds for group in plan) < 60  # half a minute on two cores


def test_eigenvalues_are_counted_once_a_cell() -> None:
    """As they are looked for: a stack of three cells searches three times, not once for all."""

    def searching(*rates: float) -> float:
        axes = (RATE, rates), ("network.width", (4, 8))
        plans = (groups(grid(*axes, metric=each), 100, 3) for each in ("loss", "sharpness"))
        loss, sharpness = (sum(group.cost.seconds for group in plan) for plan in plans)
        return sharpness - loss

    assert searching(0.1, 0.2, 0.3, 0.4) == pytest.approx(2 * searching(0.1, 0.2))


def test_every_setting_but_what_cells_share_can_be_swept() -> None:
    assert "data.input_scale" in FIELDS and "network.depth" in FIELDS
    assert not {"seeds", "seed", "data.table", "data.target"} & set(FIELDS)
