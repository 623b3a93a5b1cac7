// What a picture shows while a hand moves: each recipe does what a figure of plots/ does, with
// recompute.js for what core does. It gets what Python sent for it and the sliders' values, and
// returns {data: {index of a trace: {x, y}}, ticks, titles, ranges: {axis: ...}, stage,
// marks: {index of an upright line: x}}.

import {
  POINTS,
  batchSizes,
  biasedVariance,
  complement,
  deviationAfter,
  gain,
  gap,
  mean,
  moved,
  partway,
  plusMinus,
  shape,
  stageOf,
  track,
} from "./recompute.js";


/** plots/home.py: two features on their way through BN, one of the points taken elsewhere. */
function walk({ x, y, frozen, eps, gamma, beta, titles }, { progress, wine }) {
  const raw = [Float64Array.from(x), Float64Array.from(y)];
  raw[0][wine.index] = wine.x;
  raw[1][wine.index] = wine.y;
  const now = raw.map((column, d) => {
    const mu = frozen ? frozen.mean[d] : mean(column);
    const inverseStd = frozen ? frozen.inverse_std[d] : gain(biasedVariance(column, mu), eps);
    return partway(column, mu, inverseStd, progress, gamma[d], beta[d]);
  });
  const stage = stageOf(progress);
  const way = (d) => [raw[d][wine.index], now[d][wine.index]];
  return {
    data: {
      0: { x: raw[0], y: raw[1] },
      1: cross(raw),
      2: { x: now[0], y: now[1] },
      3: cross(now),
      4: { x: way(0), y: way(1) },
    },
    titles: { xaxis: titles[stage][0], yaxis: titles[stage][1] },
    stage,
  };
}

/** plots/flow.py: a net at one step of its training, as distributions around their places. */
function layers({ height, ends, labels, places, reach }, { trained: step }) {
  const outline = (place, d) => {
    const [low, high] = ends[step][d];
    const side = (sign) => Array.from(height[step][d], (h) => place + (sign * reach * h) / 255);
    const y = side(0).map((_, i, all) => low + ((high - low) * i) / (all.length - 1));
    return { x: [...side(1), ...side(-1).reverse()], y: [...y, ...y.slice().reverse()] };
  };
  return { data: Object.fromEntries(places.map((place, d) => [d, outline(place, d)])), ticks: { xaxis: labels[step] } };
}

/** plots/flow.py: both nets' errors up to that step. */
function errors({ error }, { trained: step }) {
  const soFar = error.slice(0, step + 1);
  const side = (net) => ({ x: soFar.map((_, t) => t), y: soFar.map((both) => both[net]) });
  return { data: { 0: side(0), 1: side(1) } };
}

/** Mean and one standard deviation to each side, along both axes. */
function cross(columns) {
  const [[left, right], [low, high], center] = [
    ...columns.map((column) => {
      const mu = mean(column);
      const deviation = Math.sqrt(biasedVariance(column, mu));
      return [mu - deviation, mu + deviation];
    }),
    columns.map((column) => mean(column)),
  ];
  return {
    x: [left, right, NaN, center[0], center[0]],
    y: [center[1], center[1], NaN, low, high],
  };
}

/** plots/one_batch/distributions.py: one side of a batch as ridges, or as bands if it has many. */
function ridges(base, values, rows) {
  const { side, own_axes: ownAxes, names, single, feature } = base;
  let { shape: now, mu, biased_variance: variance } = base;
  if (values.b !== base.b) {
    if (!rows) return null;
    const round = single && side === "after" ? Math.fround : (value) => value;
    const columns = names.map((_, d) =>
      Float64Array.from({ length: values.b }, (_, row) => round(rows[row * names.length + d])),
    );
    now = shape(columns);
    if (side === "after") {
      mu = columns.map((x) => mean(x));
      variance = columns.map((x, d) => biasedVariance(x, mu[d]));
    }
  }
  if (side === "after") {
    const { eps = base.eps, gamma, beta } = values;
    const acts = (d) => feature === null || feature === d || (gamma === 1 && beta === 0);
    const factor = names.map((_, d) => (acts(d) ? gamma : 1) * gain(variance[d], eps));
    now = moved(now, factor, factor.map((f, d) => (acts(d) ? beta : 0) - f * mu[d]));
  }
  return now.outline ? ridgeTraces(now, names, side, ownAxes) : bandTraces(now, side, ownAxes);
}

function ridgeTraces(now, names, side, ownAxes) {
  const drawn = ownAxes ? stretched(now) : now;
  const line = { x: [], y: [] };
  const bars = { x: [], y: [] };
  drawn.outline.grid.forEach((grid, row) => {
    line.x.push(grid[0], ...grid, grid[POINTS - 1], NaN);
    line.y.push(row, ...drawn.outline.height[row].map((height) => row - 0.8 * height), row, NaN);
    bars.x.push(drawn.mean[row] - drawn.deviation[row], drawn.mean[row] + drawn.deviation[row], NaN);
    bars.y.push(row, row, NaN);
  });
  const numbers = names.map((_, d) => [now.mean[d], now.deviation[d]]);
  return {
    data: { 0: line, 1: bars, 2: { x: drawn.mean, customdata: numbers } },
    ticks: { yaxis: names.map((name, d) => `<b>${name}</b><br>${plusMinus(...numbers[d])}`) },
    ranges: { xaxis: span(line.x, side) },
  };
}

function bandTraces(now, side, ownAxes) {
  const { quantiles, mean: mu } = ownAxes ? stretched(now) : now;
  const band = (low) => ({ y: [...quantiles[low], ...quantiles[4 - low].slice().reverse()] });
  return {
    data: { 0: band(0), 1: band(1), 2: { y: quantiles[2] }, 3: { y: mu } },
    ranges: { yaxis: span(quantiles.flatMap((level) => [...level]), side) },
  };
}

/** Each feature over its own range; a constant one keeps width 1. */
function stretched(now) {
  const wide = [...now.low].map((low, d) => now.high[d] > low);
  const factor = wide.map((yes, d) => 1 / (yes ? now.high[d] - now.low[d] : 1));
  const start = wide.map((yes, d) => (yes ? now.low[d] : now.low[d] - 0.5));
  return moved(now, factor, factor.map((f, d) => -start[d] * f));
}

/** An axis that holds `values` and changes seldom. */
export function span(values, side) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values)
    if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low > high) [low, high] = [-1, 1];
  if (side === "after") {
    const reach = 5 * 2 ** Math.ceil(Math.log2(Math.max(-low, high, 5) / 5));
    return [-reach, reach];
  }
  const step = 10 ** Math.floor(Math.log10(Math.max(high - low, 1e-300))) / 2;
  const ends = [Math.floor(low / step) * step, Math.ceil(high / step) * step];
  return ends[0] < ends[1] ? ends : [low - 0.5, high + 0.5];
}

/** plots/one_batch/details.py: 1 / sqrt(variance + eps) as a curve, the features as dots. */
function gainCurve({ curve, variance }, { eps }) {
  return {
    data: {
      1: { y: [...curve].map((value) => gain(value, eps)) },
      2: { y: [...variance].map((value) => gain(value, eps)) },
      3: { x: [eps, eps] },
    },
  };
}

/** The sliders of Train versus eval; of the two momenta the one that moved counts. */
function told(base, { momentum, keras_momentum: keras, shift, spread }) {
  if (base.momentum === null) return { momentum: null, shift, spread };
  return { momentum: momentum === base.momentum ? complement(keras) : momentum, shift, spread };
}

const featuresOf = ({ statistic, center, scale, expected, scatter }) =>
  statistic.map((values, d) => ({
    statistic: values,
    ...{ center: center[d], scale: scale[d], expected: expected[d], scatter: scatter[d] },
  }));

/** plots/train_vs_eval/stream.py: one feature's running statistic on its way. */
function running(base, values) {
  const { batch, running: value, truth, expected, deviation } = track(featuresOf(base)[0], base, told(base, values));
  const steps = value.map((_, t) => t);
  const band = ribbon(steps, ...edges(expected, deviation));
  const shown = truth.map((v) => (Number.isFinite(v) ? v : NaN));
  return {
    data: { 0: band, 1: { y: batch }, 2: { y: shown }, 3: { y: value } },
    ranges: { yaxis: span([...band.y, ...batch, ...shown, ...value]) },
  };
}

/** Every feature's distance from the true value, in units of its own. */
function everyRunning(base, values) {
  const tracks = featuresOf(base).map((feature) => track(feature, base, told(base, values)));
  const unit = tracks.map(({ truth }, d) => (base.quantity === "mean" ? base.unit[d] : truth.at(-1)));
  const shown = unit.flatMap((size, d) => (Number.isFinite(size) && size > 0 ? [d] : []));
  const kept = thinned(tracks[0].batch.length);
  const away = shown.map((d) => kept.map((t) => (tracks[d].running[t] - tracks[d].truth[t]) / unit[d]));
  const wide = kept.map((t) => Math.max(0, ...shown.map((d) => (BAND * tracks[d].deviation[t]) / unit[d])));
  const later = away.flatMap((line) => line.slice(Math.floor(kept.length / 4)).map(Math.abs));
  const reach = 1.3 * Math.max(...later, ...wide, 1e-12);
  const line = { x: shown.flatMap(() => [...kept, NaN]), y: away.flatMap((values) => [...values, NaN]) };
  const band = ribbon(kept, wide.map((w) => -w), wide);
  return { data: { 0: band, 2: line }, ranges: { yaxis: [-reach, reach] } };
}

/** The parts of one feature's gap as areas upon each other, their sum, and the batch told. */
function gapParts(base, values) {
  const parts = gap(track(featuresOf(base)[0], base, told(base, values)), base.biased, base.rows);
  const kept = thinned(parts.total.length - 1);
  const areas = ["warm_up", "bessel", "drift", "noise"].map((part) => kept.map((t) => parts[part][t]));
  const [bottoms, tops] = stacked(areas);
  const back = (values) => values.slice().reverse();
  const reach = span([...bottoms.flat(), ...tops.flat()]);
  const data = Object.fromEntries(
    areas.map((area, i) => [
      i,
      { y: [...tops[i], ...back(bottoms[i])], customdata: [...area, ...back(area)] },
    ]),
  );
  data[4] = { y: kept.map((t) => parts.total[t]) };
  data[5] = { x: [values.gap_step, values.gap_step], y: reach };
  return { data, ranges: { yaxis: reach } };
}

/** Positive parts grow up from 0, others down; one that is not finite takes no room. */
function stacked(parts) {
  const up = parts[0].map(() => 0);
  const down = up.slice();
  const ends = parts.map((part) =>
    part.map((value, t) => {
      const size = Number.isFinite(value) ? value : 0;
      up[t] += Math.max(size, 0);
      down[t] += Math.min(size, 0);
      return size > 0 ? up[t] : down[t];
    }),
  );
  const starts = ends.map((end, i) => end.map((e, t) => e - (Number.isFinite(parts[i][t]) ? parts[i][t] : 0)));
  return [starts, ends];
}

const BAND = 2; // standard deviations
const MOST_STEPS = 160;

/** At most MOST_STEPS of 0 ... `steps`, evenly spaced, both ends among them. */
function thinned(steps) {
  const count = Math.min(steps + 1, MOST_STEPS);
  const even = (i) => (count > 1 ? (i * steps) / (count - 1) : 0);
  return [...new Set(Array.from({ length: count }, (_, i) => halfEven(even(i))))];
}

/** numpy's round: halves to the even neighbour. */
function halfEven(value) {
  const rounded = Math.round(value);
  return value % 1 === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

function edges(center, deviation) {
  return [-1, 1].map((sign) => center.map((value, t) => value + sign * BAND * deviation[t]));
}

/** plots/nets.py: the area between two curves where both are finite. */
function ribbon(x, low, high) {
  const there = [...x.keys()].filter((t) => Number.isFinite(low[t]) && Number.isFinite(high[t]));
  const back = there.slice().reverse();
  return {
    x: [...there, ...back].map((t) => x[t]),
    y: [...there.map((t) => high[t]), ...back.map((t) => low[t])],
  };
}

/** plots/pitfalls/figures.py: a place on curves that are the same wherever it is. */
function place({ mark, stops }, values) {
  return stops.includes(values[mark]) ? { data: {}, marks: { 0: values[mark] } } : null;
}

/** The same with curves of standard deviations after BN; where a curve has none it stands at `zero`. */
function deviations({ before, eps, curves, zero, ...base }, values) {
  const after = [...before].map((deviation) => deviationAfter(deviation, values[eps]));
  const data = Object.fromEntries(
    Object.entries(curves).map(([index, there]) => {
      const at = (empty) => after.map((deviation, i) => (there[i] ? deviation : empty));
      return [index, { y: at(zero), customdata: at(0) }];
    }),
  );
  return base.mark ? { ...place(base, values), data } : { data };
}

/** Bars of the batches that a data set is split into; torch refuses one of a single row. */
function batchBars({ rows, size }, values) {
  const sizes = batchSizes(values[rows], values[size]);
  const bars = (chosen) => {
    const there = sizes.flatMap((rows, i) => (chosen(rows) ? [i] : []));
    return { x: there.map((i) => i + 1), y: there.map((i) => sizes[i]) };
  };
  const refused = bars((rows) => rows === 1);
  return { data: { 0: bars((rows) => rows > 1), 1: { ...refused, text: refused.y.map(String) } } };
}

export const recipes = {
  ...{ walk, layers, errors, ridges, gainCurve, running, everyRunning, gapParts },
  ...{ place, deviations, batchBars },
};
