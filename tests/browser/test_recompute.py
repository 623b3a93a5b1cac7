"""What the browser computes under the hand is what core computes: on a thousand batches.

Only numbers travel: the batches to the page as bytes, the results back as bytes.
"""

import base64
import json
from collections.abc import Iterator
from functools import partial
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from bnviz.core.batchnorm import equations, momentum, stream
from bnviz.core.batchnorm.interpolation import partway, stage_of
from bnviz.core.configs import BatchConfig, StreamConfig
from bnviz.core.data.moments import moments
from bnviz.core.data.shape import Shape, shapes
from bnviz.core.pitfalls import pitfall
from bnviz.core.pitfalls.configs import CONFIGS, Handwritten, PitfallConfig
from bnviz.core.types import Floats
from bnviz.plots.pitfalls.figures import draw
from bnviz.plots.theme import Look
from bnviz.texts.catalogue import sentence
from bnviz.texts.numbers import plus_minus, short
from bnviz.ui.chart.chart import packed
from bnviz.ui.controls import PITFALLS
from bnviz.ui.pitfalls.live import follows
from tests.browser.conftest import USUAL, OpenPage, WindowLike
from tests.browser.screen import settle

FEATURES = 2

RUN = """async ([program, cases]) => {
    // Before anything is waited for: later the page's own policy forbids it.
    const run = new Function("core", "unpack", "put", "say", "each", program);
    const script = performance.getEntriesByType("resource").find(r => r.name.endsWith("/chart.js"));
    const core = await import(new URL("recompute.js", script.name));
    const unpack = text => {
        const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
        return new Float64Array(bytes.buffer);
    };
    const numbers = [], words = [];
    const put = values => { for (const value of values) numbers.push(value); };
    for (const each of JSON.parse(cases)) run(core, unpack, put, word => words.push(word), each);
    const bytes = new Uint8Array(new Float64Array(numbers).buffer);
    let text = "";
    for (let i = 0; i < bytes.length; i += 32768)
        text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return [btoa(text), words];
}"""


@pytest.fixture(scope="module")
def home(app_url: str, window_like: WindowLike) -> Iterator[Page]:
    """The page on which all of them compute: nothing stays there."""
    page = window_like(**USUAL).new_page()
    page.goto(app_url)
    settle(page)
    yield page
    page.close()


@pytest.fixture
def run(home: Page) -> Any:
    """run(program, cases): all numbers and words that the JavaScript puts and says."""

    def run(program: str, cases: list[dict[str, Any]]) -> tuple[Floats, list[str]]:
        packed = json.dumps(
            [
                {k: _packed(v) if isinstance(v, np.ndarray) else v for k, v in c.items()}
                for c in cases
            ]
        )
        numbers, words = home.evaluate(RUN, [program, packed])
        return np.frombuffer(base64.b64decode(numbers)), words

    return run


def _packed(values: Floats) -> str:
    return base64.b64encode(np.ascontiguousarray(values, "<f8").tobytes()).decode()


KINDS = ["normal", "uniform", "constant", "heavy", "far", "tiny", "denormal", "huge", "rounded"]


def _case(kind: str, rows: int, seed: int, part: float, **told: float) -> dict[str, Any]:
    """A batch, and what is done to it; `part` of the way from small to large for its kind."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, FEATURES))
    if kind == "uniform":
        x = rng.random((rows, FEATURES))
    elif kind == "constant":
        x[:, 0] = rng.normal()
    elif kind == "heavy":
        x = rng.standard_t(1, (rows, FEATURES))
    elif kind == "far":
        x += 10.0 ** (9 * part)
    elif kind == "tiny":
        x *= 10.0 ** (147 * part - 150)
    elif kind == "denormal":
        x *= 5e-324 * 10.0 ** (15 * part)
    elif kind == "huge":
        x *= 10.0 ** (147 * part + 3)
    elif kind == "rounded":
        x = np.round(x)
    return {"columns": np.ascontiguousarray(x.T), "rows": rows, "kind": kind} | told


CASES = st.lists(
    st.builds(
        _case,
        kind=st.sampled_from(KINDS),
        rows=st.sampled_from([1, 2, 3, 7, 32, 100]),
        seed=st.integers(0, 2**32 - 1),
        part=st.floats(0, 1),
        eps=st.sampled_from([0.0, 1e-12, 1e-5, 10.0]),
        gamma=st.sampled_from([0.0, 1.0, -2.5, 5.0]),
        beta=st.sampled_from([0.0, -1.5]),
        progress=st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0]) | st.floats(0, 4),
    ),
    min_size=100,
    max_size=100,
)
#: A thousand batches. One page looks at all of them, and remembers nothing.
thousand = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


def assert_close(mine: Floats, cores: Floats, axis: float = 1.0) -> None:
    """To 1e-6 of the axis, NaN where core says NaN."""
    assert np.array_equal(np.isnan(mine), np.isnan(cores))
    same = (mine == cores) | np.isnan(cores)
    with np.errstate(invalid="ignore"):
        assert (same | (np.abs(mine - cores) <= 1e-6 * axis)).all(), (mine, cores)


COLUMNS = """
    const flat = unpack(each.columns), columns = [];
    for (let d = 0; d < flat.length / each.rows; d++)
        columns.push(flat.slice(d * each.rows, (d + 1) * each.rows));
"""


@thousand
@given(some=CASES)
@np.errstate(all="ignore")
def test_equations(run: Any, some: list[dict[str, Any]]) -> None:
    numbers, words = run(
        COLUMNS
        + """
        for (const x of columns) {
            const mu = core.mean(x), variance = core.biasedVariance(x, mu);
            const xHat = core.normalize(x, mu, variance, each.eps);
            put([mu, variance, core.gain(variance, each.eps)]);
            put(xHat);
            put(core.scaleAndShift(xHat, each.gamma, each.beta));
            const inverse = core.gain(variance, each.eps);
            put(core.partway(x, mu, inverse, each.progress, each.gamma, each.beta));
        }
        say(core.stageOf(each.progress));
        """,
        some,
    )
    place = 0
    for case, word in zip(some, words, strict=True):
        x = case["columns"].T
        done = equations.forward(x, case["gamma"], case["beta"], case["eps"])
        way = partway(x, done, case["progress"], case["gamma"], case["beta"])
        assert word == stage_of(case["progress"])
        for d in range(FEATURES):
            size = np.abs(x[:, d]).max() or 1.0
            for part, axis in (
                (done.mean[d : d + 1], size),
                (done.biased_variance[d : d + 1], max(done.biased_variance[d], 1e-300)),
                (done.inverse_std[d : d + 1], np.abs(done.inverse_std[d])),
                (done.x_hat[:, d], np.nanmax(np.abs(done.x_hat[:, d]), initial=1.0)),
                (done.y[:, d], np.nanmax(np.abs(done.y[:, d]), initial=1.0)),
                (way[:, d], np.nanmax(np.abs(way[:, d]), initial=1e-300)),
            ):
                assert_close(numbers[place : place + len(part)], part, float(axis))
                place += len(part)
    assert place == len(numbers)


def _listed(of: Shape) -> list[Floats]:
    assert of.outline is not None
    parts = [of.mean, of.deviation, of.low, of.high, *of.quantiles]
    return [*parts, *of.outline.grid, *of.outline.height]


PUT_SHAPE = """
    const putShape = ({mean, deviation, low, high, quantiles, outline}) =>
        [mean, deviation, low, high, ...quantiles, ...outline.grid, ...outline.height].forEach(put);
"""


@thousand
@given(some=CASES)
@np.errstate(all="ignore")
def test_shapes(run: Any, some: list[dict[str, Any]]) -> None:
    """A batch's picture, and that picture moved and stretched, backwards and to one point too."""
    some = [case for case in some if case["kind"] != "denormal"]  # no picture of those
    numbers, _ = run(
        COLUMNS
        + PUT_SHAPE
        + """
        const now = core.shape(columns);
        putShape(now);
        putShape(core.moved(now, [each.gamma, NaN], [each.beta, 0]));
        """,
        some,
    )
    place = 0
    for case in some:
        x = case["columns"].T
        now = shapes(x)["float64"]
        after = now.moved(np.array([case["gamma"], np.nan]), np.array([case["beta"], 0.0]))
        for of in (now, after):
            for index, part in enumerate(_listed(of)):
                heights = index >= len(_listed(of)) - FEATURES
                axis = 1.0 if heights else float(np.nanmax(np.abs(part), initial=1e-300))
                size = 1.0 if heights else max(axis, float(np.abs(x).max()))
                assert_close(numbers[place : place + len(part)], part, size)
                place += len(part)
    assert place == len(numbers)


@np.errstate(all="ignore")
def test_running_statistics(run: Any) -> None:
    rng = np.random.default_rng(3)
    batch = BatchConfig(source="normal", batch_size=4, features=FEATURES)
    truth = moments(batch)
    some, walks = [], []
    for _ in range(60):
        steps = int(rng.integers(2, 80))
        drawn = stream.Drawn(
            ("x1", "x2"),
            rng.normal(size=(steps, FEATURES)) * 10.0 ** rng.uniform(-9, 9),
            rng.exponential(size=(steps, FEATURES)),
        )
        told = StreamConfig(
            batch=batch,
            steps=steps,
            torch_momentum=rng.choice([None, 0.001, 0.1, 1.0]),
            shift_at=int(rng.integers(0, 60)),
            shift=float(rng.uniform(-5, 5)),
            spread=float(rng.choice([0.1, 1.0, 10.0])),
        )
        walk = stream.walk(told, drawn, truth)
        for quantity, statistic, scatter in (
            ("mean", drawn.mean, truth.variance_of_mean(4)),
            ("variance", drawn.unbiased_variance, truth.variance_of_variance(4)),
        ):
            some.append(
                {
                    "statistic": statistic[:, 0],
                    "center": float(truth.mean[0]),
                    "scale": float(truth.scale[0]),
                    "expected": float(truth.expected_variance(4)[0]),
                    "scatter": float(scatter[0]),
                    "quantity": quantity,
                    "told": told.model_dump(exclude={"batch", "steps"}),
                }
            )
            walks.append((walk, quantity))
    numbers, _ = run(
        """
        const {torch_momentum: momentum, shift, spread, shift_at} = each.told;
        const now = core.track({...each, statistic: unpack(each.statistic)},
            {quantity: each.quantity, shift_at}, {momentum, shift, spread});
        for (const part of ["batch", "running", "truth", "deviation", "expected"]) put(now[part]);
        const parts = core.gap(now, each.quantity === "variance", 4);
        for (const part of ["total", "warm_up", "bessel", "drift", "noise"]) put(parts[part]);
        """,
        some,
    )
    place = 0
    for walk, quantity in walks:
        track = getattr(walk, quantity)
        parts = stream.gap(walk, quantity, "train")
        size = float(np.abs(track.batch).max() + np.abs(track.true).max() + 1)
        wanted = [track.batch, track.running, track.true, track.deviation, track.expected]
        wanted += [getattr(parts, p) for p in ("total", "warm_up", "bessel", "drift", "noise")]
        for part in wanted:
            cores = part[:, 0]
            assert_close(numbers[place : place + len(cores)], cores, size)
            place += len(cores)
    assert place == len(numbers)


@np.errstate(all="ignore")
def test_pitfalls(run: Any) -> None:
    """Standard deviations after BN, and the batches that rows are split into."""
    rng = np.random.default_rng(5)
    before = 10.0 ** rng.uniform(-170, 150, 1000)
    x = before * np.array([[-1.0], [1.0]])  # whose biased standard deviation it is
    some = [
        {"before": before, "eps": eps, "rows": int(rows), "size": int(size)}
        for eps in (0.0, 1e-12, 1e-5, 0.1)
        for rows, size in rng.integers(1, 300, (50, 2))
    ]
    numbers, _ = run(
        """
        put([...unpack(each.before)].map(sigma => core.deviationAfter(sigma, each.eps)));
        put(core.batchSizes(each.rows, each.size));
        """,
        some,
    )
    place = 0
    for case in some:
        after = equations.forward(x, 1.0, 0.0, case["eps"]).y[1]
        sizes = [len(part) for part in torch.zeros(case["rows"]).split(case["size"])]
        for part in (after, np.array(sizes)):
            assert_close(numbers[place : place + len(part)], part)
            place += len(part)
    assert place == len(numbers)


FOLDED = """async titles => {
    const script = performance.getEntriesByType("resource").find(r => r.name.endsWith("/chart.js"));
    const {folded} = await import(new URL("fit.js", script.name));
    return titles.map(text => folded({title: {text}}, 60).title.text);
}"""


def test_a_title_too_long_for_its_axis_is_folded_at_its_bracket(home: Page) -> None:
    """Else a number stands alone in the second line, without its name."""
    titles = ["Random direction 2 (curvature 18.0)", "随机方向 2（曲率 18.0）", "Spectral density"]
    folded = ["Random direction 2<br>(curvature 18.0)", "随机方向 2<br>（曲率 18.0）"]
    assert home.evaluate(FOLDED, [*titles, "Loss"]) == [*folded, "Spectral<br>density", "Loss"]


WITHIN = """async plots => {
    const script = performance.getEntriesByType("resource").find(r => r.name.endsWith("/chart.js"));
    const {within} = await import(new URL("fit.js", script.name));
    const map = {type: "heatmap", x: ["1", "2"], text: [["0.85", "1300"], ["·", "100"]]};
    return plots.map(plot => within(map, plot).text);
}"""


def test_on_a_wall_no_number_stands_beyond_its_cell(home: Page) -> None:
    """Digits are 11.5 px wide there; two cells share the plot."""
    narrow, wide = home.evaluate(WITHIN, [80, 100])
    assert narrow == [["0.85", ""], ["·", "100"]]
    assert wide == [["0.85", "1300"], ["·", "100"]]


TICKS = """async widths => {
    const script = performance.getEntriesByType("resource").find(r => r.name.endsWith("/chart.js"));
    const {fitted} = await import(new URL("fit.js", script.name));
    const tickvals = [2, 5, 10, 20, 50, 100, 200];
    const xaxis = {type: "log", tickvals, ticktext: tickvals, title: {text: ""}};
    const layout = {xaxis, height: 200, margin: {l: 0, r: 0}};
    return widths.map(width => fitted({data: [], layout}, width).xaxis.ticktext);
}"""


def test_the_labels_of_a_log_axis_stand_apart_where_they_are_closest(home: Page) -> None:
    """All seven together would have room, but not 100 beside 200; labels may be numbers."""
    wide, narrow = home.evaluate(TICKS, [260, 190])
    assert wide == [2, 5, 10, 20, 50, 100, 200]
    assert narrow == [2, 10, 50, 200]


ON_A_WALL = """async () => {
    const script = performance.getEntriesByType("resource").find(r => r.name.endsWith("/chart.js"));
    const {fitted, forWall} = await import(new URL("fit.js", script.name));
    const margin = {l: 0, r: 0, t: 0, b: 0}, font = {size: 13}, height = 200;
    const ends = [[0.1, "a<br>b"], [0.34, "c<br>d"], [0.9, "e"]].map(
        ([y, text]) => ({x: 1, y, text, yref: "paper", yanchor: "middle"}));
    const z = {tickvals: [1, 2, 3, 4, 5], ticktext: ["1", "2", "3", "4", "5"]};
    const scene = {xaxis: {}, yaxis: {}, zaxis: z};
    const low = {margin, font, height, scene, annotations: ends};
    const wall = forWall({data: [], layout: low}, 150, 500);
    const legend = {orientation: "h", y: -0.3};
    const hidden = {margin, font, height, legend, showlegend: false, annotations: []};
    const data = ["a", "b", "c"].map(name => ({name: name.repeat(30)}));
    return [wall.layout.height, wall.layout.scene, fitted({data, layout: hidden}, 300).height];
}"""


def test_names_and_numbers_have_room_and_a_key_that_is_hidden_takes_none(home: Page) -> None:
    """Names whose lines are 0.12 of the plot apart would touch on a lower wall; without its key a
    chart is as high as the one beside it."""
    wall, scene, hidden = home.evaluate(ON_A_WALL)
    assert 0.12 * wall > 20
    assert scene["xaxis"]["nticks"] == 3 and scene["zaxis"]["ticktext"] == ["1", "3", "5"]
    assert hidden == 200


PITFALLS_MOVED = """async cases => {
    const script = performance.getEntriesByType("resource").find(r => r.name.endsWith("/chart.js"));
    const {patched, read} = await import(new URL("figure.js", script.name));
    const {recipes} = await import(new URL("recipes.js", script.name));
    const seen = figure => JSON.parse(JSON.stringify([
        figure.data.map(({x, y, text}) => ({x, y, text})),
        (figure.layout.shapes ?? []).map(({x0, x1}) => [x0, x1]),
    ], (_, value) => ArrayBuffer.isView(value) ? Array.from(value) : value));
    return cases.map(text => {
        const {figure, live, values, core} = read(text);
        return [seen(patched(figure, recipes[live.recipe](live.base, values))), seen(core)];
    });
}"""


def test_pictures_of_pitfalls(home: Page) -> None:
    """Whatever follows the hand, at both ends of its slider and between: the figure that is drawn
    from what core measures there."""
    say = partial(sentence, "en")
    configs: list[tuple[str, PitfallConfig]] = [(name, owner()) for name, owner in CONFIGS.items()]
    bugs = get_args(Handwritten.model_fields["bug"].annotation)
    configs += [("handwritten", Handwritten(bug=bug, spread=0.1)) for bug in bugs]
    some, followed = [], set()
    for name, config in configs:
        numbers = pitfall.run(name, config).numbers
        figure = draw(name, config, numbers, Look(), say)
        live = follows(name, config, numbers, figure)
        for key in live.sliders if live else ():
            stops = PITFALLS[key].stops
            for stop in {stops[0], stops[len(stops) // 3], stops[-1]}:
                there = config.model_copy(update={key.partition(".")[2]: stop})
                core = draw(name, there, pitfall.run(name, there).numbers, Look(), say)
                values = {**live.sliders, key: stop}
                case = {"figure": figure, "live": vars(live), "values": values, "core": core}
                some.append(packed(case).decode())
                followed.add(key)
    assert len(followed) == 15, sorted(followed)
    for mine, cores in home.evaluate(PITFALLS_MOVED, some):
        assert np.allclose(mine[1], cores[1], rtol=1e-6, atol=0)
        for one, other in zip(mine[0], cores[0], strict=True):
            assert one.get("text") == other.get("text")
            for axis in "xy":
                here, there = (np.array(each[axis], dtype=float) for each in (one, other))
                assert_close(here, there, float(np.nanmax(np.abs(there), initial=1e-300)))


def test_momenta_and_words(run: Any) -> None:
    rng = np.random.default_rng(4)
    values = [*(rng.normal(size=300) * 10.0 ** rng.uniform(-9, 12, 300)).tolist(), 0.0, -0.0, 1e5]
    pairs = [
        {"center": float(c), "deviation": float(abs(d))}
        for c, d in zip(values, rng.permutation(values), strict=True)
    ]
    _, words = run(
        "say(core.short(each.center)); say(core.plusMinus(each.center, each.deviation));", pairs
    )
    for pair, one, two in zip(pairs, words[::2], words[1::2], strict=True):
        assert one == short(pair["center"])
        assert two == plus_minus(pair["center"], pair["deviation"]), pair
    momenta = [{"m": m} for m in (0.001, 0.1, 0.25, 0.9, 0.999, 1.0)]
    numbers, _ = run("put([core.complement(each.m)]);", momenta)
    assert numbers.tolist() == [momentum.complement(each["m"]) for each in momenta]


def test_the_page_asks_only_its_own_server(open_page: OpenPage) -> None:
    """open_page fails at the end if any request left; rows beyond the limit are refused."""
    page = open_page()
    script = page.evaluate(
        'performance.getEntriesByType("resource").find(r => r.name.endsWith("/chart.js")).name'
    )
    for batch, status in (
        ({"batch_size": 100, "features": 3}, 200),
        ({"batch_size": 65_536, "features": 256}, 404),
        ({"batch_size": 0}, 404),
    ):
        url = script.replace("chart.js", "rows")
        answer = page.request.get(url, params={"batch": json.dumps(batch)})
        assert answer.status == status
    assert "immutable" in page.request.get(script).headers["cache-control"]
    assert page.request.get(script.replace("chart.js", "chart.py")).status == 404
