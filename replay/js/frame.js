// The one iframe: no scripts, the page's own mode and base URL.

import * as dom from './dom.js';

// What is first of all in a document: what may be loaded for it, from where nobody is told that it was asked for, and not even a
// name of a host is looked up before it is wanted.
const META = [['http-equiv', 'x-dns-prefetch-control', 'off'], ['name', 'referrer', 'no-referrer']];
const CSP = 'Content-Security-Policy';

export const headOf = (policy) => [['http-equiv', CSP, policy], ...META].map(([name, what, content]) => `<meta ${name}="${what}" content="${content}">`).join('');

// What makes a parser take a document for one of that mode.
export const DOCTYPES = {
  quirks: '',
  'limited-quirks': '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">',
  'no-quirks': '<!DOCTYPE html>',
};

// Makes an iframe with an empty document. The policy outlives its element, and so does the mode its doctype.
export async function makeFrame(container, mode, base, { policy, features }) {
  const iframe = document.createElement('iframe');
  iframe.setAttribute('sandbox', 'allow-same-origin');
  iframe.setAttribute('referrerpolicy', 'no-referrer');
  if (features !== '') iframe.allow = features;
  iframe.title = 'The customer’s page';
  iframe.tabIndex = -1;
  Object.assign(iframe.style, { border: '0', background: '#fff', display: 'block', transformOrigin: '0 0', position: 'absolute', left: '0', top: '0' });
  if (mode === 'quirks') {
    withBase(base, () => container.prepend(iframe));
    const { contentDocument } = iframe;
    for (const [name, what, content] of [['http-equiv', CSP, policy], ...META]) {
      const meta = contentDocument.createElement('meta');
      meta.setAttribute(name, what);
      meta.content = content;
      contentDocument.head.append(meta);
    }
  } else if (mode === 'limited-quirks') {
    container.prepend(iframe);
    const inner = iframe.contentDocument;
    inner.open();
    inner.write(DOCTYPES[mode] + headOf(policy));
    inner.close();
  } else {
    iframe.srcdoc = DOCTYPES['no-quirks'] + headOf(policy);
    const loaded = new Promise((resolve) => iframe.addEventListener('load', resolve, { once: true }));
    withBase(base, () => container.prepend(iframe));
    await loaded;
  }
  clear(iframe.contentDocument);
  return iframe;
}

export function clear(document) {
  for (let node; (node = dom.firstChild(document)) !== null; ) dom.removeChild(document, node);
}

// An `about:` document takes its base URL from the document that makes it, at that moment (HTML standard, "about base
// URL"): for that moment this document has the page's.
function withBase(base, run) {
  const element = document.createElement('base');
  element.href = base;
  document.head.prepend(element);
  try {
    run();
  } finally {
    element.remove();
  }
}
