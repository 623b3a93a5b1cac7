// plots/nets.py: the names of traces stand as high as these end, and never touch.

const APART = 0.12; // of the axis, for a line of text
const BEYOND = 0.2; // so much of a line may be beyond the axis
const bare = (words) => words.replace(/<br>|\s/g, "");

/** How high the names of a figure's lines stand: {index of an annotation: y}. */
export function names({ data, layout: { annotations = [], yaxis } }) {
  const ends = annotations.flatMap(({ text, yref, yanchor }, index) => {
    const line = yref === "paper" && data.find(({ name }) => name && bare(name) === bare(text));
    const share = line ? end(line, yaxis, yanchor === "top") : null;
    return share === null ? [] : [{ index, share, lines: text.split("<br>").length }];
  });
  ends.sort((one, other) => other.share - one.share);
  const places = spaced(ends);
  return Object.fromEntries(ends.map(({ index }, i) => [index, places[i]]));
}

/** How high a trace ends, or begins, as a share of the axis; null where it has no end. */
function end({ y: there, fill }, { type, range: [low, high] }, begins) {
  const half = there.length >> 1;
  // An area is an outline there and back, named three quarters of the way up its end.
  const y = fill === "toself" ? Array.from(there.slice(0, half), (value, i) => 0.75 * value + 0.25 * there.at(-1 - i)) : there;
  const seen = (value) => Number.isFinite(value) && (type !== "log" || value > 0);
  const last = begins ? Array.from(y).find(seen) : Array.from(y).findLast(seen);
  if (last === undefined) return null;
  const share = ((type === "log" ? Math.log10(last) : last) - low) / (high - low);
  return Math.min(Math.max(share, 0), 1);
}

/** The places of `ends`, from the top, moved as little as need be for none to touch the next. */
function spaced(ends) {
  const [height, beyond] = [({ lines = 1 } = {}) => APART * lines, ({ lines = 1 } = {}) => APART * (lines / 2 - BEYOND)];
  let whole = -height(ends[0]) / 2;
  const below = ends.map((end) => (whole += height(end)) - height(end) / 2);
  const groups = []; // where the first of each would be, how many it has
  ends.forEach(({ share }, i) => {
    groups.push([share + below[i], 1]);
    while (groups.length > 1 && groups.at(-1)[0] > groups.at(-2)[0]) {
      const [[upper, many], [lower, few]] = groups.splice(-2);
      groups.push([(upper * many + lower * few) / (many + few), many + few]);
    }
  });
  const most = 1 - beyond(ends[0]);
  const least = Math.min(Math.max(0, ...below) + beyond(ends.at(-1)), most);
  const firsts = groups.flatMap(([place, count]) => Array(count).fill(place));
  return firsts.map((place, i) => Math.min(Math.max(place, least), most) - below[i]);
}
