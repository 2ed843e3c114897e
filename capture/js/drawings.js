// What an agent draws over the page: boxes, ink, arrows. Each is gone after some seconds, and moves with the page meanwhile.

import { svgElement } from './overlay.js';

const SHAPE = { WIPE: 0, BOX: 1, INK: 2, ARROW: 3 };
const LASTS_MS = 8000;
const FADES_MS = 600;
const MOST = 200;
const HEAD_PX = 16;

export class Drawings {
  constructor(root) {
    this.root = root;
    this.onScroll = () => this.place();
  }

  // `points`: x and y of each, in the viewport.
  draw(shape, points) {
    const d = pathOf(shape, points);
    if (shape === SHAPE.WIPE) this.wipe();
    if (d === null) return;
    if (!this.layer) {
      this.layer = svgElement('svg', { class: 'drawings', 'aria-hidden': 'true' });
      this.root.append(this.layer);
      addEventListener('scroll', this.onScroll, { passive: true });
    }
    if (this.layer.childElementCount >= MOST) this.layer.firstElementChild.remove();
    const group = svgElement('g');
    group.append(svgElement('path', { d, class: 'halo' }), svgElement('path', { d }));
    this.layer.append(group);
    group.from = [scrollX, scrollY];
    setTimeout(() => {
      group.animate?.({ opacity: [1, 0] }, { duration: FADES_MS, fill: 'forwards' });
      setTimeout(() => this.drop(group), FADES_MS);
    }, LASTS_MS);
  }

  place() {
    for (const group of this.layer.children) group.setAttribute('transform', `translate(${group.from[0] - scrollX} ${group.from[1] - scrollY})`);
  }

  drop(group) {
    group.remove();
    if (this.layer && this.layer.childElementCount === 0) this.wipe();
  }

  wipe() {
    if (!this.layer) return;
    removeEventListener('scroll', this.onScroll);
    this.layer.remove();
    this.layer = undefined;
  }
}

function pathOf(shape, points) {
  if (points.length < 4) return null;
  const [x, y] = points, [x2, y2] = points.slice(-2);
  switch (shape) {
    case SHAPE.BOX:
      return `M${x} ${y}H${x2}V${y2}H${x}Z`;
    case SHAPE.INK: {
      let d = `M${x} ${y}`;
      for (let at = 2; at + 1 < points.length; at += 2) d += `L${points[at]} ${points[at + 1]}`;
      return d;
    }
    case SHAPE.ARROW: {
      const angle = Math.atan2(y2 - y, x2 - x);
      const wing = (turn) => `${x2 - HEAD_PX * Math.cos(angle + turn)} ${y2 - HEAD_PX * Math.sin(angle + turn)}`;
      return `M${x} ${y}L${x2} ${y2}M${wing(0.5)}L${x2} ${y2}L${wing(-0.5)}`;
    }
    default:
      return null;
  }
}
