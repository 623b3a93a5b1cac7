// plots/axes.py: how far axes reach.

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
