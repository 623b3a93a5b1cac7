// What the browser computes while a hand moves: each function the mirror of one of core's, by name.
// The recipes at the end put them together as a figure of plots/ does. Tests compare both.

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

const LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95];
const POINTS = 80; // of an outline
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
  const deviation = Math.sqrt(plainVariance(x));
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

// ------------------------------------------------------------------- texts/numbers.py

/** Three significant digits: 0.00123, 12.3, 1,230, 1.2e-7. */
export function short(value, digits = 3) {
  if (!Number.isFinite(value)) return { [Infinity]: "∞", [-Infinity]: "-∞" }[value] ?? "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e5) return grouped(value + 0, 0);
  const size = Math.floor(Math.log10(Math.abs(value)));
  if (-4 < size && size < 6) return grouped(value, Math.max(digits - 1 - size, 0));
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  return `${mantissa.includes(".") ? mantissa.replace(/0+$/, "").replace(/\.$/, "") : mantissa}e${Number(exponent)}`;
}

/** `center` ± `deviation`, to the digits that the deviation makes meaningful. */
export function plusMinus(center, deviation) {
  const decimals = 2 - Math.floor(Math.log10(deviation));
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

// ------------------------------------------------------------------------------- recipes

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

export const recipes = { walk, ridges, gainCurve };
