// plots/train_vs_eval/stream.py: running statistics on their way, and their gap in parts.

import { span } from "./axes.js";
import { complement, gap, track } from "./recompute.js";

const BAND = 2; // standard deviations
const MOST_STEPS = 160;

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

/** One feature's running statistic on its way. */
export function running(base, values) {
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
export function everyRunning(base, values) {
  const tracks = featuresOf(base).map((feature) => track(feature, base, told(base, values)));
  const unit = tracks.map(({ truth }, d) => (base.quantity === "mean" ? base.unit[d] : truth.at(-1)));
  const shown = unit.flatMap((size, d) => (Number.isFinite(size) && size > 0 ? [d] : []));
  const kept = thinned(tracks[0].batch.length);
  const away = shown.map((d) => kept.map((t) => (tracks[d].running[t] - tracks[d].truth[t]) / unit[d]));
  const wide = kept.map((t) => Math.max(0, ...shown.map((d) => (BAND * tracks[d].deviation[t]) / unit[d])));
  const later = away.flatMap((line) => line.slice(Math.floor(kept.length / 4)).map(Math.abs));
  const reach = 1.3 * Math.max(...later, ...wide, 1e-12);
  const line = { x: shown.flatMap(() => [...kept, NaN]), y: away.flatMap((each) => [...each, NaN]) };
  const band = ribbon(kept, wide.map((w) => -w), wide);
  return { data: { 0: band, 2: line }, ranges: { yaxis: [-reach, reach] } };
}

/** The parts of one feature's gap as areas upon each other, their sum, and the batch told. */
export function gapParts(base, values) {
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
