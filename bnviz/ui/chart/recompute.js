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

export const recipes = { walk };
