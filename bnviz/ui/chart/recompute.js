// What the browser computes while a hand moves: each function the mirror of one of core's (or of
// how texts/ writes a number), by its name. Tests compare both.

// ------------------------------------------------- core/batchnorm/equations.py, one feature each

/** mu = 1/B sum_b x_b; the second term is only the rounding of the first. */
export function mean(x) {
  const mu = total(x, (value) => value) / x.length;
  return mu + total(x, (value) => value - mu) / x.length;
}

/** sigma^2 = 1/B sum_b (x_b - mu)^2. */
export function biasedVariance(x, mu = mean(x)) {
  return total(x, (value) => (value - mu) ** 2) / x.length;
}

/** 1 / sqrt(sigma^2 + eps). */
export function gain(variance, eps) {
  return 1 / Math.sqrt(variance + eps);
}

/** x_hat = (x - mu) / sqrt(sigma^2 + eps). */
export function normalize(x, mu, variance, eps) {
  const factor = gain(variance, eps);
  return x.map((value) => (value - mu) * factor);
}

/** y = gamma x_hat + beta. */
export function scaleAndShift(xHat, gamma, beta) {
  return xHat.map((value) => gamma * value + beta);
}

function total(x, term) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += term(x[i]);
  return sum;
}

// --------------------------------------------------------- core/batchnorm/interpolation.py

/** One feature at `progress`: 1 centred, 2 normalized, 3 times gamma, 4 plus beta. */
export function partway(x, mu, inverseStd, progress, gamma, beta) {
  const part = (stage) => Math.min(Math.max(progress - stage, 0), 1);
  const scale = inverseStd ** part(1) * (1 + part(2) * (gamma - 1));
  const shift = part(3) * beta;
  return x.map((value) => (value - part(0) * mu) * scale + shift);
}

/** What BN is doing at `progress`. */
export function stageOf(progress) {
  if (progress <= 0) return "raw";
  if (progress === 2) return "done";
  return ["center", "scale", "gamma", "beta"][Math.min(Math.ceil(progress), 4) - 1];
}

// ------------------------------------------------------- core/data/shape.py and outlines.py

export const LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95];
export const POINTS = 80; // of an outline
const MOST_OUTLINES = 12;

/** np.quantile of sorted values, linear between two of them. */
export function quantile(sorted, level) {
  const place = level * (sorted.length - 1);
  const below = Math.min(Math.floor(place), sorted.length - 1);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

/** One feature's outline: a binned Gaussian kernel density estimate with peak 1. */
export function outline(x, sorted = Float64Array.from(x).sort()) {
  const deviation = sorted.at(-1) > sorted[0] ? Math.sqrt(plainVariance(x)) : 0;
  const [low, high] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const spread = high > low ? Math.min(deviation, (high - low) / 1.34) : deviation;
  const bandwidth = 0.9 * spread * x.length ** -0.2;
  const start = sorted[0] - 3 * bandwidth;
  const end = sorted[sorted.length - 1] + 3 * bandwidth;
  const step = (end - start) / (POINTS - 1);
  const grid = Float64Array.from({ length: POINTS }, (_, i) => start + i * step);
  const height = new Float64Array(POINTS);
  if (!Number.isFinite(step)) return { grid: grid.fill(NaN), height: height.fill(NaN) };
  if (!(step > 0)) {
    height[POINTS / 2] = 1;
    return { grid, height };
  }
  const counts = new Float64Array(POINTS);
  for (let i = 0; i < x.length; i++) {
    const place = (x[i] - start) / step;
    const left = Math.min(Math.max(Math.trunc(place), 0), POINTS - 2);
    const part = Math.min(Math.max(place - left, 0), 1);
    counts[left] += 1 - part;
    counts[left + 1] += part;
  }
  const width = Math.max(bandwidth / step, 1);
  const kernel = Float64Array.from({ length: POINTS }, (_, far) => Math.exp(-0.5 * (far / width) ** 2));
  for (let g = 0; g < POINTS; g++)
    if (counts[g]) for (let h = 0; h < POINTS; h++) height[h] += counts[g] * kernel[Math.abs(g - h)];
  const peak = Math.max(...height, 1e-300);
  return { grid, height: height.map((value) => value / peak) };
}

/** numpy's var: deviations from the plain mean. */
function plainVariance(x) {
  const mu = total(x, (value) => value) / x.length;
  return total(x, (value) => (value - mu) ** 2) / x.length;
}

/** The shape of a batch given as columns. */
export function shape(columns) {
  const sorted = columns.map((x) => Float64Array.from(x).sort());
  const each = (measure) => Float64Array.from(columns, measure);
  const outlines = columns.length <= MOST_OUTLINES && columns.map((x, d) => outline(x, sorted[d]));
  return {
    mean: each((x) => total(x, (value) => value) / x.length),
    deviation: each((x) => Math.sqrt(plainVariance(x))),
    low: each((_, d) => sorted[d][0]),
    high: each((_, d) => sorted[d].at(-1)),
    quantiles: LEVELS.map((level) => each((_, d) => quantile(sorted[d], level))),
    outline: outlines && {
      grid: outlines.map(({ grid }) => grid),
      height: outlines.map(({ height }) => height),
    },
  };
}

/** The shape of factor * x + shift. */
export function moved({ mean: mu, deviation, low, high, quantiles, outline: drawn }, factors, shifts) {
  const finite = (d) => Number.isFinite(factors[d]) && Number.isFinite(shifts[d]);
  const factor = Float64Array.from(factors, (f, d) => (finite(d) ? f : NaN));
  const at = (values, d) => factor[d] * values[d] + shifts[d];
  const each = (measure) => Float64Array.from(factor, (_, d) => measure(d));
  const down = (d) => factor[d] < 0;
  const last = quantiles.length - 1;
  return {
    mean: each((d) => at(mu, d)),
    deviation: each((d) => Math.abs(factor[d]) * deviation[d]),
    low: each((d) => at(down(d) ? high : low, d)),
    high: each((d) => at(down(d) ? low : high, d)),
    quantiles: quantiles.map((_, level) => each((d) => at(quantiles[down(d) ? last - level : level], d))),
    outline: drawn && {
      grid: drawn.grid.map((grid, d) => turned(grid, down(d)).map((value) => factor[d] * value + shifts[d])),
      height: drawn.height.map((height, d) => {
        if (Number.isNaN(factor[d])) return height.map(() => NaN);
        if (factor[d] === 0) return height.map((_, i) => Number(i === POINTS / 2));
        return turned(height, down(d));
      }),
    },
  };
}

const turned = (values, down) => (down ? values.slice().reverse() : values);

// --------------------------------------------- core/batchnorm/momentum.py and stream.py

/** The Keras momentum of a torch momentum and the reverse. */
export function complement(momentum) {
  return Number((1 - momentum).toFixed(12));
}

/** The weight of each new batch: m, or 1 / t. */
export function shares(momentum, steps) {
  return Float64Array.from({ length: steps }, (_, t) => momentum ?? 1 / (t + 1));
}

/** How much of the start is left after 0 ... T batches. */
export function remaining(weights) {
  const left = new Float64Array(weights.length + 1).fill(1);
  for (let t = 0; t < weights.length; t++) left[t + 1] = left[t] * (1 - weights[t]);
  return left;
}

/** The running average of `values` (T) from `start`, before and after each. */
export function average(values, weights, start) {
  const running = new Float64Array(values.length + 1);
  running[0] = start;
  for (let t = 0; t < values.length; t++)
    running[t + 1] = (1 - weights[t]) * running[t] + weights[t] * values[t];
  return running;
}

/** Running mean or variance of one feature, its true value and what theory says of it. */
export function track(feature, { quantity, shift_at: shiftAt }, { momentum, shift, spread }) {
  const { statistic, center, scale, expected, scatter } = feature;
  const [isMean, steps] = [quantity === "mean", statistic.length];
  const after = (t) => shiftAt > 0 && t + 1 >= shiftAt;
  const each = (measure) =>
    Float64Array.from({ length: steps }, (_, t) => measure(t, after(t) ? spread : 1, after(t) ? shift * scale : 0));
  const weights = shares(momentum, steps);
  const batch = each((t, factor, moved) =>
    isMean ? center + moved + factor * (statistic[t] - center) : factor ** 2 * statistic[t],
  );
  const truth = each((_, factor, moved) => (isMean ? center + moved : factor ** 2 * expected));
  const variance = each((_, factor) => factor ** (isMean ? 2 : 4) * scatter);
  const deviation = new Float64Array(steps + 1);
  for (let t = 0; t < steps; t++) {
    // A weight of 0 must not turn an infinite variance into NaN.
    const kept = weights[t] < 1 ? (1 - weights[t]) ** 2 * deviation[t] : 0;
    deviation[t + 1] = kept + weights[t] ** 2 * variance[t];
  }
  const running = average(batch, weights, isMean ? 0 : 1);
  return {
    ...{ batch, running, weights, remaining: remaining(weights) },
    deviation: deviation.map(Math.sqrt),
    truth: Float64Array.of(isMean ? center : expected, ...truth),
    expected: average(truth, weights, running[0]),
  };
}

/** Running statistic minus a reference, in four parts that add up to the total. */
export function gap({ batch, running, truth, weights, remaining: left }, biased, rows) {
  const bessel = truth.map((value) => (biased ? value / rows : 0));
  const lagging = average(truth.subarray(1), weights, truth[0]);
  const away = batch.map((value, t) => value - truth[t + 1]);
  return {
    total: running.map((value, t) => value - (truth[t] - bessel[t])),
    warm_up: left.map((share) => share * (running[0] - truth[0])),
    bessel,
    drift: lagging.map((value, t) => value - truth[t]),
    noise: average(away, weights, 0),
  };
}

// -------------------------------------------------- core/pitfalls: dead_features.py, last_batch.py

/** sigma / sqrt(sigma^2 + eps): a feature's standard deviation after BN. */
export function deviationAfter(before, eps) {
  return before * gain(before ** 2, eps);
}

/** Rows in each batch of a data set: the last one has what is left. */
export function batchSizes(rows, size) {
  return Array.from({ length: Math.ceil(rows / size) }, (_, i) => Math.min(size, rows - i * size));
}

// ------------------------------------------------------------------- texts/numbers.py

/** Three significant digits: 0.00123, 12.3, 1,230, 1.2e-7. */
export function short(value, digits = 3) {
  if (!Number.isFinite(value)) return { [Infinity]: "∞", [-Infinity]: "-∞" }[value] ?? "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e5) return grouped(value + 0, 0);
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const size = Number(exponent); // of what is written: 0.9996 is 1.00
  if (-4 < size && Math.abs(value) < 1e6) return grouped(value, Math.max(digits - 1 - size, 0));
  return `${mantissa.includes(".") ? mantissa.replace(/0+$/, "").replace(/\.$/, "") : mantissa}e${size}`;
}

/** `center` ± `deviation`, to the digits that the deviation makes meaningful. */
export function plusMinus(center, deviation) {
  const decimals = 2 - Math.floor(Math.log10(Number(deviation.toPrecision(3)))); // 0.99999 is 1.00
  const fine = Number.isFinite(center) && deviation > 0 && deviation < 1e5;
  if (!fine || decimals > 5 || Math.abs(center) >= 1e6) return `${short(center)} ± ${short(deviation)}`;
  const digits = Math.max(decimals, 0);
  const factor = 10 ** decimals;
  const round = decimals < 0 ? Math.round(center * factor) / factor : Number(center.toFixed(decimals));
  return `${grouped(round + 0, digits)} ± ${grouped(deviation, digits)}`;
}

function grouped(value, decimals) {
  const [whole, ...rest] = (value === 0 ? 0 : value).toFixed(decimals).split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...rest].join(".");
}
