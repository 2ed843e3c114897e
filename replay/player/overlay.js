// What is drawn over the page: the last two seconds of pointers, clicks as rings, and a line around what is spoken of. The rebuilt
// document has nothing of it in it.

import { make } from './make.js';

export const TRAIL_MS = 2_000;
// An agent's pointer that did not move for so long is not there any more.
const AWAY_MS = 8_000;
const RING_MS = 700;
const CUSTOMER = '#e63946';
const AGENTS = ['#1d4ed8', '#0f7b4f', '#8a3ffc', '#b45309'];
// The customer is the first whom a relay numbers.
const FIRST_AGENT = 2;
const GAP_MS = 1_200;

export class Overlay {
  constructor() {
    this.canvas = make('canvas', { class: 'trail' });
    this.line = make('div', { class: 'outline', hidden: true });
    this.element = make('div', { class: 'overlay', 'aria-hidden': 'true' }, this.canvas, this.line);
    this.names = new Map(); // agents by their numbers
    this.isOn = true;
    this.outlined = null;
    this.calm = matchMedia('(prefers-reduced-motion: reduce)');
  }

  // Where the rebuilt page is: `{ left, top, scale }` from here.
  placeOfPage(recording) {
    const frame = recording.document?.defaultView?.frameElement;
    if (!frame?.offsetWidth) return null;
    const page = frame.getBoundingClientRect(), own = this.element.getBoundingClientRect();
    return { left: page.left - own.left, top: page.top - own.top, width: page.width, height: page.height, scale: page.width / frame.offsetWidth };
  }

  // Draws the moment `at`.
  draw(recording, trail, at) {
    const { canvas } = this;
    const ratio = devicePixelRatio || 1;
    const width = Math.round(this.element.clientWidth * ratio), height = Math.round(this.element.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const pen = canvas.getContext('2d');
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, width, height);
    const page = this.isOn ? this.placeOfPage(recording) : null;
    if (page) {
      pen.setTransform(ratio, 0, 0, ratio, page.left * ratio, page.top * ratio);
      pen.beginPath();
      pen.rect(0, 0, page.width, page.height);
      pen.save();
      pen.clip();
      const byUser = Map.groupBy ? Map.groupBy(trail.points(at - AWAY_MS, at), ({ user }) => user) : grouped(trail.points(at - AWAY_MS, at));
      for (const [user, points] of byUser) this.drawOne(pen, user, points, at, page.scale);
      pen.restore();
    }
    this.drawLine(recording);
  }

  drawOne(pen, user, points, at, scale) {
    const colour = user === 0 ? CUSTOMER : AGENTS[(user + AGENTS.length - FIRST_AGENT) % AGENTS.length];
    pen.lineCap = pen.lineJoin = 'round';
    pen.lineWidth = 3;
    pen.strokeStyle = pen.fillStyle = colour;
    for (let index = 1; index < points.length; index++) {
      const [from, to] = [points[index - 1], points[index]];
      const age = at - to.at;
      if (age > TRAIL_MS || to.at - from.at > GAP_MS) continue;
      pen.globalAlpha = 0.75 * (1 - age / TRAIL_MS);
      pen.beginPath();
      pen.moveTo(from.x * scale, from.y * scale);
      pen.lineTo(to.x * scale, to.y * scale);
      pen.stroke();
    }
    for (const { at: when, x, y, click } of points) {
      const age = at - when;
      if (!click || age > RING_MS) continue;
      const grown = this.calm.matches ? 0.6 : age / RING_MS;
      pen.globalAlpha = this.calm.matches ? 0.9 : 1 - grown;
      pen.beginPath();
      pen.arc(x * scale, y * scale, 6 + 18 * grown, 0, 2 * Math.PI);
      pen.stroke();
    }
    pen.globalAlpha = 1;
    // The customer's own pointer is the page's player's to show.
    if (user !== 0) this.drawPointer(pen, points[points.length - 1], this.names.get(user) || `Agent ${user}`, scale);
  }

  drawPointer(pen, { x, y }, name, scale) {
    const colour = pen.fillStyle;
    pen.save();
    pen.translate(x * scale, y * scale);
    pen.beginPath();
    for (const [left, top] of [[0, 0], [0, 16], [4.5, 12], [7.5, 19], [10.5, 17.7], [7.6, 11], [13.5, 11]]) pen.lineTo(left, top);
    pen.closePath();
    pen.fill();
    pen.lineWidth = 1.5;
    pen.strokeStyle = '#fff';
    pen.stroke();
    pen.font = '600 12px system-ui, sans-serif';
    const width = pen.measureText(name).width + 12;
    pen.beginPath();
    pen.roundRect?.(14, 14, width, 19, 6);
    pen.fillStyle = colour;
    pen.fill();
    pen.fillStyle = '#fff';
    pen.textBaseline = 'middle';
    pen.fillText(name, 20, 24);
    pen.restore();
  }

  // A line around a node of the page, for as long as it is spoken of; null for none.
  outline(node) {
    this.outlined = node;
  }

  drawLine(recording) {
    const rect = this.outlined?.isConnected ? rectOf(this.outlined) : null;
    const page = rect && this.placeOfPage(recording);
    const isShown = Boolean(page) && rect.width > 0 && rect.height > 0;
    this.line.hidden = !isShown;
    if (!isShown) return;
    const { left, top, scale } = page;
    Object.assign(this.line.style, {
      left: left + rect.left * scale - 3 + 'px',
      top: top + rect.top * scale - 3 + 'px',
      width: rect.width * scale + 6 + 'px',
      height: rect.height * scale + 6 + 'px',
    });
  }
}

function grouped(points) {
  const out = new Map();
  for (const point of points) out.set(point.user, [...(out.get(point.user) ?? []), point]);
  return out;
}

// Where a node is in the page's window, whatever it is; null where it has no place.
function rectOf(node) {
  let rect;
  if (node.nodeType === 1) rect = node.getBoundingClientRect();
  else if (node.nodeType === 3) {
    const range = node.ownerDocument.createRange();
    range.selectNodeContents(node);
    rect = range.getBoundingClientRect();
  } else return null;
  let { left, top } = rect;
  const outermost = (window_) => window_.parent === window || !window_.frameElement;
  for (let inner = node.ownerDocument.defaultView; inner && !outermost(inner); inner = inner.parent) {
    const outer = inner.frameElement.getBoundingClientRect();
    left += outer.left + inner.frameElement.clientLeft;
    top += outer.top + inner.frameElement.clientTop;
  }
  return { left, top, width: rect.width, height: rect.height };
}

// Brings a node of the page into its window. What lies around the page is not scrolled.
export function scrollTo(node) {
  const element = node.nodeType === 1 ? node : node.parentElement;
  if (!element) return;
  const view = element.ownerDocument.defaultView;
  for (let around = element.parentElement; around; around = around.parentElement) {
    if (around.scrollHeight <= around.clientHeight || around === element.ownerDocument.documentElement || around === element.ownerDocument.body) continue;
    if (!/auto|scroll|hidden/.test(view.getComputedStyle(around).overflowY)) continue;
    const [inner, outer] = [element.getBoundingClientRect(), around.getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom) around.scrollTop += inner.top - outer.top - outer.height / 3;
  }
  const { top, bottom } = element.getBoundingClientRect();
  if (top < 0 || bottom > view.innerHeight) view.scrollBy({ top: top - view.innerHeight / 3, behavior: 'instant' });
}
