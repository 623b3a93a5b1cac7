// A figure as Python sends it, as a recipe moves it, and beside another one.

import { names } from "./names.js";

const KINDS = { f8: Float64Array, f4: Float32Array, i4: Int32Array, i2: Int16Array, u1: Uint8Array };

/** A message with its packed arrays as typed ones. */
export const read = (text) => JSON.parse(text, (_, value) => (value?.bdata === undefined ? value : array(value)));

/** A packed array as a typed one; one with a shape as rows of rows. */
function array({ dtype, bdata, shape }) {
  const bytes = Uint8Array.from(atob(bdata), (letter) => letter.charCodeAt(0));
  const flat = new KINDS[dtype](bytes.buffer);
  return shape ? rows(flat, shape.split(",").map(Number)) : flat;
}

function rows(flat, [count, ...shape]) {
  const size = shape.reduce((product, length) => product * length, 1);
  return Array.from({ length: count }, (_, row) => {
    const part = flat.subarray(row * size, (row + 1) * size);
    return shape.length > 1 ? rows(part, shape) : part;
  });
}

/** The figure itself where a patch moves it, for hovering, zooming, saving. */
export function patched(figure, patch) {
  if (!patch) return figure;
  const data = figure.data.map((trace, index) => ({ ...trace, ...patch.data[index] }));
  const layout = { ...figure.layout };
  const change = (axis, part) => (layout[axis] = { ...layout[axis], ...part });
  for (const axis in patch.ticks) change(axis, { ticktext: patch.ticks[axis] });
  for (const axis in patch.titles) change(axis, { title: { ...layout[axis].title, text: patch.titles[axis] } });
  for (const axis in patch.ranges) change(axis, { range: patch.ranges[axis] });
  for (const index in patch.marks) {
    const x = patch.marks[index];
    layout.shapes = layout.shapes.with(index, { ...layout.shapes[index], x0: x, x1: x });
  }
  for (const [index, y] of Object.entries(names({ data, layout })))
    layout.annotations = layout.annotations.with(index, { ...layout.annotations[index], y });
  return { data, layout };
}

export const ranges = ({ layout: { xaxis, yaxis } }) => [xaxis?.range, yaxis?.range];

/** Whether the same numbers and words stand in the same places. */
export function equal(one, other) {
  if (Object.is(one, other)) return true;
  if (!one || !other || typeof one !== "object" || typeof other !== "object") return false;
  if ("length" in one) return one.length === other.length && one.every((part, i) => equal(part, other[i]));
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => equal(one[name], other[name]));
}
