// What the agent draws over the customer's page: seen here while it is drawn, and at the customer's until it wipes itself.

const SHAPE = { wipe: 0, box: 1, ink: 2, arrow: 3 };
const INK_MS = 60;
const LASTS_MS = 8000;
const HEAD_PX = 16;
const NAMESPACE = 'http://www.w3.org/2000/svg';

const make = (name, attributes = {}) => {
  const node = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};

export class Pen {
  constructor(view, input) {
    this.view = view;
    this.input = input;
    this.layer = make('svg', { 'aria-hidden': 'true' });
    Object.assign(this.layer.style, { position: 'absolute', left: '0', top: '0', width: '100%', height: '100%', zIndex: '2', pointerEvents: 'none', overflow: 'visible' });
    view.stage.append(this.layer);
  }

  down(tool, { x, y }) {
    this.drawn = { tool, points: [[x, y]], sent: 0, at: performance.now() };
    this.path = make('path', { fill: 'none', stroke: '#d62246', 'stroke-width': '4', 'stroke-linecap': 'round', 'stroke-linejoin': 'round' });
    this.layer.append(this.path);
  }

  move({ x, y }) {
    const { drawn } = this;
    if (!drawn) return;
    if (drawn.tool === 'ink') drawn.points.push([x, y]);
    else drawn.points[1] = [x, y];
    this.path.setAttribute('d', this.pathOf(drawn));
    if (drawn.tool === 'ink' && performance.now() - drawn.at > INK_MS) this.sendInk();
  }

  // Ink goes out while it is drawn, a piece at a time, each from where the last one ended.
  sendInk() {
    const { drawn } = this;
    const points = drawn.points.slice(Math.max(0, drawn.sent - 1));
    if (points.length > 1) this.input.say('Draw', SHAPE.ink, points.flat());
    drawn.sent = drawn.points.length;
    drawn.at = performance.now();
  }

  up(place) {
    const { drawn, path } = this;
    if (!drawn) return;
    if (place) this.move(place);
    if (drawn.tool === 'ink') this.sendInk();
    else if (drawn.points.length === 2) this.input.say('Draw', SHAPE[drawn.tool], drawn.points.flat());
    this.drawn = null;
    setTimeout(() => path.remove(), LASTS_MS);
  }

  cancel() {
    this.path?.remove();
    this.drawn = null;
  }

  wipe() {
    this.drawn = null;
    this.layer.replaceChildren();
    this.input.say('Draw', SHAPE.wipe, []);
  }

  // In the stage, where the customer's viewport is scaled.
  pathOf({ tool, points }) {
    const { scale, offset } = this.view;
    const at = ([x, y]) => [offset.x + x * scale, offset.y + y * scale];
    const [x, y] = at(points[0]), [x2, y2] = at(points.at(-1));
    if (tool === 'box') return `M${x} ${y}H${x2}V${y2}H${x}Z`;
    if (tool === 'ink') return 'M' + points.map((point) => at(point).join(' ')).join('L');
    const angle = Math.atan2(y2 - y, x2 - x);
    const wing = (turn) => `${x2 - HEAD_PX * Math.cos(angle + turn)} ${y2 - HEAD_PX * Math.sin(angle + turn)}`;
    return `M${x} ${y}L${x2} ${y2}M${wing(0.5)}L${x2} ${y2}L${wing(-0.5)}`;
  }
}
