// State of form controls and dialogs that is in no attribute.

import * as dom from './dom.js';
import { is, modalLayer } from './layers.js';
import { playbackOf } from './media.js';

// Up to MEDIA: elements with state of their own.
export const KIND = { PLAIN: 0, INPUT: 1, TEXTAREA: 2, SELECT: 3, OPTION: 4, DIALOG: 5, STYLE: 6, MEDIA: 7, TEMPLATE: 8, SCRIPT: 9, INLINE: 10, FRAME: 11, CANVAS: 12 };

const KINDS = new Map([
  ['input', KIND.INPUT], ['textarea', KIND.TEXTAREA], ['select', KIND.SELECT], ['option', KIND.OPTION],
  ['dialog', KIND.DIALOG], ['style', KIND.STYLE], ['link', KIND.STYLE], ['template', KIND.TEMPLATE], ['script', KIND.SCRIPT],
  ['canvas', KIND.CANVAS], ['video', KIND.MEDIA], ['audio', KIND.MEDIA], ['iframe', KIND.FRAME], ['frame', KIND.FRAME], ['object', KIND.FRAME], ['embed', KIND.FRAME],
]);
// What never scrolls is not asked for its scroll position: the question makes the browser compute the layout.
for (const name of ['a', 'abbr', 'b', 'br', 'button', 'cite', 'code', 'em', 'font', 'i', 'img', 'label', 'meta', 'small',
  'source', 'span', 'strong', 'sub', 'sup', 'td', 'th', 'time', 'title', 'tr', 'u', 'head', 'html', 'body']) {
  KINDS.set(name, KIND.INLINE);
}

export const kindOf = (localName) => KINDS.get(localName) ?? KIND.PLAIN;

// What of a field's value may be said to the page around a frame; where there is none, all may: the gate is behind it.
export let heard = (node, value) => value;
export const hearOnly = (run) => (heard = run);

// Calls `report(name, value)` for each property of the control; null where it is what the attributes say.
export function stateOf(node, kind, report) {
  switch (kind) {
    case KIND.INPUT: {
      const type = dom.inputType(node);
      if (type === 'file') return;
      if (type === 'checkbox' || type === 'radio') {
        const checked = dom.inputChecked(node);
        report('checked', checked === dom.inputDefaultChecked(node) ? null : flag(checked));
        report('indeterminate', dom.inputIndeterminate(node) ? '1' : null);
        report('value', null); // It may have been of another type.
        return;
      }
      const value = heard(node, dom.inputValue(node));
      report('value', value === dom.inputDefault(node) ? null : value);
      return;
    }
    case KIND.TEXTAREA: {
      const value = heard(node, dom.textareaValue(node));
      report('value', value === dom.textareaDefault(node) ? null : value);
      return;
    }
    case KIND.SELECT:
      // No option is chosen: without saying so, the first one would be.
      report('open', is(node, ':open') ? '1' : null);
      report('selected', dom.selectIndex(node) < 0 && dom.selectLength(node) > 0 && dom.selectType(node) === 'select-one' ? '0' : null);
      return;
    case KIND.OPTION: {
      const selected = dom.optionSelected(node);
      report('selected', selected === dom.optionDefault(node) ? null : flag(selected));
      return;
    }
    case KIND.DIALOG:
      report('modal', modalLayer(node));
      return;
    case KIND.MEDIA:
      report('playback', playbackOf(node));
      return;
    case KIND.STYLE: {
      const { sheet } = node;
      if (!sheet) return;
      report('disabled', sheet.disabled ? '1' : null);
      report('media', mediaOf(node, sheet.media.mediaText));
    }
  }
}

const flag = (value) => (value ? '1' : '0');

// The media that scripts gave to a sheet, if they are not those of the attribute.
function mediaOf(node, media) {
  const attribute = dom.getAttribute(node, 'media') ?? '';
  return media === attribute || media === matchMedia(attribute).media ? null : media;
}

// Limited quirks is quirks for table cells only: `compatMode` does not tell, the doctype does.
export function modeOf(document) {
  if (dom.compatMode(document) === 'BackCompat') return 'quirks';
  const doctype = dom.doctype(document);
  if (doctype === null) return 'no-quirks';
  const id = dom.doctypePublic(doctype).toLowerCase();
  const limited = /^-\/\/w3c\/\/dtd xhtml 1\.0 (frameset|transitional)\/\//.test(id) ||
    (/^-\/\/w3c\/\/dtd html 4\.01 (frameset|transitional)\/\//.test(id) && dom.doctypeSystem(doctype) !== '');
  return limited ? 'limited-quirks' : 'no-quirks';
}

// What stands in a frame, object or plug-in that this page may not look at: the place it comes from, and its size; null for
// what can be looked at, and for what shows nothing.
export function outsideOf(node) {
  if (!dom.isConnected(node) || dom.frameDocument(node) !== null) return null;
  const { width, height } = dom.getBoundingClientRect(node);
  if (width === 0 || height === 0) return null;
  const isFrame = /^i?frame$/.test(dom.localName(node));
  const address = dom.getAttribute(node, dom.localName(node) === 'object' ? 'data' : 'src');
  // An object that shows its fallback is an element like others.
  if (!isFrame && (address === null || dom.contentsRect(node).width > 0)) return null;
  let place = '';
  try {
    if (address !== null) place = new URL(address, dom.baseURI(node)).host;
  } catch {
    // No address: the label does without.
  }
  return round(width) + 'x' + round(height) + ' ' + place;
}

const round = (value) => Math.round(value * 100) / 100;

// What is said of a document as a whole; null where there is nothing to say. Scroll positions, addresses and mode.
export function reportDocument(document, report) {
  const url = dom.documentURL(document), base = dom.baseURI(document);
  const { scrollX = 0, scrollY = 0 } = dom.defaultView(document) ?? {};
  report('url', url);
  report('base', base === url ? null : base);
  report('mode', modeOf(document));
  report('scrollLeft', scrollX === 0 ? null : String(scrollX));
  report('scrollTop', scrollY === 0 ? null : String(scrollY));
}
