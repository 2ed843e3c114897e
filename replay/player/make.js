// Elements of the player, and its pictures: through the DOM alone, so that pages with Trusted Types may have it.

const SVG = 'http://www.w3.org/2000/svg';

// Lines of pictures of 20 by 20.
const PICTURES = {
  play: 'M6 3.8v12.4L16 10Z',
  pause: 'M6 4v12M13.5 4v12',
  back: 'M14.5 4.5v11L7 10ZM5 4.5v11',
  forward: 'M5.5 4.5v11L13 10ZM15 4.5v11',
  idle: 'M3 5v10l6-5Zm7 0v10l6-5ZM17.5 5v10',
  trail: 'M3 16c2-6 5-2 7-6s-1-6 2-6M11 8l6 3-2.7.9L13 14.6Z',
  changes: 'M4 5h8M4 10h12M4 15h6M15.5 3v4M13.5 5h4',
  search: 'M8.7 3.5a5.2 5.2 0 1 0 0 10.4 5.2 5.2 0 0 0 0-10.4ZM12.6 12.6 17 17',
  link: 'M8.5 11.5a3 3 0 0 0 4.3 0l2.9-2.9a3 3 0 0 0-4.3-4.3L10 5.7M11.5 8.5a3 3 0 0 0-4.3 0l-2.9 2.9a3 3 0 0 0 4.3 4.3L10 14.3',
  keys: 'M2.5 5h15v10h-15ZM5.5 8h.1M8.5 8h.1M11.5 8h.1M14.5 8h.1M6.5 12h7',
  full: 'M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4',
  close: 'M5 5l10 10M15 5 5 15',
  open: 'M2.5 15.5v-11h5l1.5 2h8.5v9Z',
  up: 'M5 12.5 10 7.5l5 5',
  down: 'M5 7.5l5 5 5-5',
};
const FULL = new Set(['play']);

// `make('button', { class: 'x', onclick }, 'text', …)`: functions are listeners, `false` and null leave an attribute out.
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children);
  return element;
}

export function picture(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', FULL.has(name) ? 'icon full' : 'icon');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PICTURES[name]);
  svg.append(path);
  return svg;
}

// A button that is a picture: its name is for those who listen, and, with its key, for those who point.
export function tool(name, label, keys, onclick, attributes = {}) {
  const button = make('button', { type: 'button', class: 'tool', 'data-tool': name, onclick, ...attributes }, picture(name));
  nameTool(button, label, keys);
  return button;
}

export function nameTool(button, label, keys) {
  button.setAttribute('aria-label', label);
  button.title = keys ? `${label} (${keys})` : label;
  if (keys) button.setAttribute('aria-keyshortcuts', SPOKEN_KEYS[keys] ?? keys);
}

const SPOKEN_KEYS = { Space: 'Space K', ',': 'Comma Shift+ArrowLeft', '.': 'Period Shift+ArrowRight', '/': 'Slash', '?': 'Shift+Slash' };

export function drawing(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
