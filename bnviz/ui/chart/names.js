// plots/nets.py: the names of lines stand as high as the lines end, and never touch.

const APART = 0.12; // of the axis, for a line of text
const bare = (words) => words.replace(/<br>|\s/g, "");

/** How high the names of a figure's lines stand: {index of an annotation: y}. */
export function names({ data, layout: { annotations = [], yaxis } }) {
  const ends = annotations.flatMap(({ text, yref }, index) => {
    const line = yref === "paper" && data.find(({ name }) => name && bare(name) === bare(text));
    const share = line ? end(line.y, yaxis) : null;
    return share === null ? [] : [{ index, share, height: APART * text.split("<br>").length }];
  });
  ends.sort((one, other) => other.share - one.share);
  const places = spaced(ends);
  return Object.fromEntries(ends.map(({ index }, i) => [index, places[i]]));
}

/** How high a line ends, as a share of the axis; null where it has no end. */
function end(y, { type, range: [low, high] }) {
  const seen = (value) => Number.isFinite(value) && (type !== "log" || value > 0);
  const last = Array.from(y).findLast(seen);
  if (last === undefined) return null;
  const share = ((type === "log" ? Math.log10(last) : last) - low) / (high - low);
  return Math.min(Math.max(share, 0), 1);
}

/** The places of `ends`, from the top, moved as little as need be for none to touch the next. */
function spaced(ends) {
  let whole = -(ends[0]?.height ?? 0) / 2;
  const below = ends.map(({ height }) => (whole += height) - height / 2);
  const groups = []; // where the first of each would be, how many it has
  ends.forEach(({ share }, i) => {
    groups.push([share + below[i], 1]);
    while (groups.length > 1 && groups.at(-1)[0] > groups.at(-2)[0]) {
      const [[upper, many], [lower, few]] = groups.splice(-2);
      groups.push([(upper * many + lower * few) / (many + few), many + few]);
    }
  });
  const least = Math.min(Math.max(0, ...below), 1);
  const firsts = groups.flatMap(([place, count]) => Array(count).fill(place));
  return firsts.map((place, i) => Math.min(Math.max(place, least), 1) - below[i]);
}
