// One point of a picture, taken and moved: by mouse, finger or arrow keys.

const REACH = 16; // pixels within which a press takes a point
const STEP = 0.02; // of an axis, for an arrow key; with Shift five times as much
const REST = 400; // milliseconds after the last key until the page hears of it

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** The ring around the point that can be moved. `chart.values[state]` is {index, x, y}. */
export class Handle {
  constructor(chart) {
    this.chart = chart;
    this.ring = document.createElement("button");
    this.ring.className = "bnviz-handle";
    this.ring.type = "button";
    chart.element.append(this.ring);
    chart.element.on("plotly_afterplot", () => this.place()); // a turned phone, a zoomed axis
    this.ring.addEventListener("pointerdown", (event) => this.take(event, this.point.index));
    this.ring.addEventListener("keydown", (event) => this.press(event));
    // Before Plotly hears of it: what begins on a point is no zooming.
    chart.element.addEventListener("pointerdown", (event) => this.choose(event), true);
  }

  get state() {
    return this.chart.live.drag;
  }

  get point() {
    return this.chart.values[this.state.name];
  }

  get cloud() {
    return this.chart.figure.data[this.state.trace];
  }

  axes() {
    const { xaxis, yaxis } = this.chart.element._fullLayout;
    return [xaxis, yaxis];
  }

  /** Puts the ring where its point is; there is none where the axes do not reach. */
  place() {
    const { index, x, y } = this.point;
    const axes = this.axes();
    const at = [axes[0].d2p(x), axes[1].d2p(y)];
    this.ring.hidden = axes.some(({ _length: length }, i) => at[i] < -REACH || at[i] > length + REACH);
    [this.ring.style.left, this.ring.style.top] = axes.map(({ _offset: offset }, i) => `${offset + at[i]}px`);
    this.ring.setAttribute("aria-label", this.state.label.replace("{number}", index + 1));
    this.ring.title = this.state.hint;
  }

  choose(event) {
    if (event.target === this.ring || this.pointer !== undefined || event.target.closest(".modebar")) return;
    const index = this.nearest(event);
    if (index === null) return;
    if (event.pointerType === "mouse") return this.take(event, index);
    this.move(index, this.cloud.x[index], this.cloud.y[index]); // then take the ring
    this.tell();
  }

  /** Where a pointer is now, in pixels from where each of the axes begins. */
  within({ clientX, clientY }) {
    const [across, up] = this.axes();
    const { left, top } = this.chart.element.getBoundingClientRect();
    return [clientX - left - across._offset, clientY - top - up._offset];
  }

  nearest(event) {
    const [across, up] = this.axes();
    const [left, top] = this.within(event);
    let best = null;
    let closest = REACH;
    this.cloud.x.forEach((x, index) => {
      const distance = Math.hypot(across.d2p(x) - left, up.d2p(this.cloud.y[index]) - top);
      if (distance < closest) [best, closest] = [index, distance];
    });
    return best;
  }

  take(event, index) {
    if (event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.pointer !== undefined) return; // a second finger
    clearTimeout(this.resting);
    const pointer = (this.pointer = event.pointerId);
    this.move(index, this.cloud.x[index], this.cloud.y[index]); // the ring comes first, then the hand
    this.ring.focus({ preventScroll: true });
    this.ring.setPointerCapture(pointer);
    let last = null; // of the moves in a frame
    const next = (act) => requestAnimationFrame(() => this.pointer === pointer && act()); // unless put back
    const follow = () => {
      const at = this.within(last);
      last = null;
      this.move(index, ...this.axes().map((axis, i) => axis.p2d(at[i])));
    };
    const move = (event) => {
      if (event.pointerId !== pointer) return;
      if (!last) next(follow);
      last = event;
    };
    const drop = ({ pointerId }) => {
      if (pointerId !== pointer) return;
      this.ring.removeEventListener("pointermove", move);
      this.ring.removeEventListener("lostpointercapture", drop);
      next(() => this.tell());
    };
    this.ring.addEventListener("pointermove", move);
    this.ring.addEventListener("lostpointercapture", drop);
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own
    const { index, x, y } = this.point;
    const [across, up] = this.axes();
    const much = STEP * (event.shiftKey ? 5 : 1);
    const span = ({ range }) => much * (range[1] - range[0]);
    const count = this.cloud.x.length;
    const other = { PageDown: (index + 1) % count, PageUp: (index + count - 1) % count }[event.key];
    if (event.key in STEPS) {
      const [dx, dy] = STEPS[event.key];
      this.move(index, x + dx * span(across), y + dy * span(up));
    } else if (other !== undefined) {
      this.move(other, this.cloud.x[other], this.cloud.y[other]);
    } else if (event.key !== "Escape") {
      return;
    }
    event.preventDefault();
    if (this.pointer !== undefined) event.stopPropagation(); // out of the hand, not yet off the wall
    clearTimeout(this.resting);
    if (event.key === "Escape") {
      const { name } = this.state;
      this.chart.share(name, this.chart.live.state[name]); // the page's answer may be what it was
      this.tell({ index: -1, x: 0, y: 0 });
    } else if (this.pointer === undefined) this.resting = setTimeout(() => this.tell(), REST);
  }

  /** Within the axes, to hundredths, and in every picture of the same state. */
  move(index, ...place) {
    const [x, y] = this.axes().map(
      ({ range: [low, high] }, i) => Math.round(100 * Math.min(Math.max(place[i], low), high)) / 100,
    );
    this.chart.share(this.state.name, { index, x, y });
  }

  /** The chart is gone, and with it whatever was in the hand. */
  forget() {
    clearTimeout(this.resting);
    this.chart.drop(this.chart.live?.drag?.name);
  }

  /** Lets go of the point, where it is; of none, index -1, all are put back. */
  tell(point = this.point) {
    this.pointer = undefined;
    this.chart.letGo(this.state.name, point);
  }
}
