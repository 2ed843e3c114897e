// The time line: a slider over what happened when, with stretches without a change, and marks.

import { drawing, make } from './make.js';
import { Thumbnail } from './thumbnail.js';
import { clock, exactClock, roughly, spoken } from './times.js';

// More bars than that are not told apart.
const MOST_BARS = 240;
const HIGH = 40;
// What lies so near to the pointer is named.
const NEAR_PIXELS = 7;
const MOST_MARKS = 400;

export class Timeline {
  // `go(at)`, `dragging(isIt)`.
  constructor({ go, dragging }) {
    Object.assign(this, { go, dragging, begin: 0, end: 0, at: 0, marks: [], idle: [] });
    this.svg = drawing('svg', { class: 'histogram', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    this.past = make('div', { class: 'past' });
    this.head = make('div', { class: 'playhead' });
    this.flags = make('div', { class: 'flags' });
    this.cut = make('div', { class: 'cut', hidden: true });
    this.slider = make('div', {
      class: 'slider', role: 'slider', tabindex: '0', 'aria-label': 'Position', 'aria-orientation': 'horizontal',
      onpointerdown: (event) => this.down(event), onpointermove: (event) => this.move(event), onpointerup: (event) => this.up(event),
      onpointercancel: (event) => this.up(event), onpointerleave: () => this.isHeld || this.thumbnail.hide(),
    }, this.svg, this.past, this.flags, this.cut, this.head);
    this.thumbnail = new Thumbnail();
    this.element = make('div', { class: 'timeline' }, this.thumbnail.element, this.slider);
  }

  attach(recording, reopen) {
    const { begin, end, activity, problem } = recording;
    Object.assign(this, { begin, end, marks: [], idle: [] });
    this.slider.setAttribute('aria-valuemin', String(Math.floor(begin / 1000)));
    this.slider.setAttribute('aria-valuemax', String(Math.ceil(end / 1000)));
    this.bars = barsOf(activity, begin, end);
    this.cut.hidden = problem === null;
    this.cut.title = problem ? `Damaged from byte ${problem.offset} on` : '';
    this.thumbnail.attach(reopen, recording.about.viewport);
    this.draw();
    this.show(begin);
  }

  close() {
    this.thumbnail.close();
    this.svg.replaceChildren();
    this.flags.replaceChildren();
    this.marks = this.idle = [];
  }

  // A time as a share of all.
  share(at) {
    return this.end > this.begin ? Math.max(0, Math.min((at - this.begin) / (this.end - this.begin), 1)) : 0;
  }

  show(at) {
    this.at = at;
    const part = this.share(at) * 100 + '%';
    this.past.style.width = part;
    this.head.style.left = part;
    this.slider.setAttribute('aria-valuenow', String(Math.round(at / 1000)));
    this.slider.setAttribute('aria-valuetext', `${spoken(at)} of ${spoken(this.end)}`);
  }

  setIdle(idle) {
    this.idle = idle;
    this.draw();
  }

  // `[{ at, kind, label }]`.
  setMarks(marks) {
    this.marks = marks;
    const flags = marks.slice(0, MOST_MARKS).map(({ at, kind }) => {
      const flag = make('i', { class: `flag ${kind}` });
      flag.style.left = this.share(at) * 100 + '%';
      return flag;
    });
    this.flags.replaceChildren(...flags);
  }

  draw() {
    const bars = this.bars ?? [];
    const most = Math.log1p(Math.max(1, ...bars));
    this.svg.setAttribute('viewBox', `0 0 ${Math.max(1, bars.length)} ${HIGH}`);
    const stretches = this.idle.map(({ from, to }) => {
      const [left, right] = [this.share(from) * bars.length, this.share(to) * bars.length];
      return drawing('rect', { class: 'idle', x: left, y: 0, width: Math.max(0, right - left), height: HIGH });
    });
    const path = bars.map((changes, index) => {
      if (changes === 0) return '';
      const height = 3 + (HIGH - 5) * (Math.log1p(changes) / most);
      return `M${index + 0.12} ${HIGH}v${-height}h.76v${height}Z`;
    });
    this.svg.replaceChildren(...stretches, drawing('path', { class: 'bars', d: path.join('') }));
  }

  timeAt(event) {
    const { left, width } = this.slider.getBoundingClientRect();
    return this.begin + Math.max(0, Math.min((event.clientX - left) / width, 1)) * (this.end - this.begin);
  }

  down(event) {
    if (event.button !== 0) return;
    this.slider.setPointerCapture(event.pointerId);
    this.isHeld = true;
    this.dragging(true);
    this.go(this.timeAt(event));
  }

  move(event) {
    if (this.isHeld) this.go(this.timeAt(event));
    this.preview(event);
  }

  up(event) {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.dragging(false);
    if (event.pointerType !== 'mouse') this.thumbnail.hide();
  }

  preview(event) {
    if (this.end <= this.begin) return;
    const { left, width } = this.slider.getBoundingClientRect();
    const at = this.timeAt(event);
    const time = this.end - this.begin < 60_000 ? exactClock(at).slice(0, -2) : clock(at);
    // While it is held the page itself shows the moment.
    this.thumbnail.show(this.isHeld ? null : Math.round(at), time, this.what(at, width), event.clientX - left);
  }

  // What happened there, in a few words.
  what(at, width) {
    const near = (this.end - this.begin) / width * NEAR_PIXELS;
    const mark = this.marks.filter((mark) => Math.abs(mark.at - at) <= near).sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0];
    if (mark) return mark.label;
    const gap = this.idle.find(({ from, to }) => from < at && at < to);
    return gap ? `no change for ${roughly(gap.to - gap.from)}` : '';
  }
}

// How much changed in each part of the time that a bar stands for.
function barsOf({ part, changes }, begin, end) {
  const length = Math.max(1, end - begin);
  const count = Math.max(1, Math.min(MOST_BARS, Math.ceil(length / part)));
  const bars = new Array(count).fill(0);
  changes.forEach((number, index) => {
    const middle = index * part + part / 2 - begin;
    const bar = Math.max(0, Math.min(count - 1, Math.floor((middle / length) * count)));
    bars[bar] += number;
  });
  return bars;
}
