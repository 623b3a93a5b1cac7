// What a picture shows while a hand moves: each recipe does what a figure of plots/ does, with
// recompute.js for what core does. It gets what Python sent for it and the sliders' values, and
// returns {data: {index of a trace: {x, y}}, ticks, titles, ranges: {axis: ...}, stage,
// marks: {index of an upright line: x}}.

import { span } from "./axes.js";
import {
  POINTS,
  batchSizes,
  biasedVariance,
  deviationAfter,
  gain,
  mean,
  moved,
  partway,
  plusMinus,
  shape,
  stageOf,
} from "./recompute.js";
import { everyRunning, gapParts, running } from "./stream.js";

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

/** plots/one_batch/details.py: 1 / sqrt(variance + eps) as a curve, the features as dots. */
function gainCurve({ curve, variance }, { eps }) {
  return {
    data: {
      1: { y: [...curve].map((value) => gain(value, eps)) },
      2: { y: [...variance].map((value) => gain(value, eps)) },
      3: { x: [eps, eps], y: [gain(curve.at(-1), 0), gain(0, eps)] },
    },
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
