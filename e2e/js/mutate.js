// Random edits of a live page, the same for the same seed. Only what a page's own code would do through the DOM; no
// scripts are added, and `html`, `head` and `body` stay.
//
//   window.__mutate.run({ seed, count }) -> { count, done: { append: 12, … } }
(() => {
  'use strict';
  if (window.__mutate) return;

  const SVG = 'http://www.w3.org/2000/svg';
  const MATHML = 'http://www.w3.org/1998/Math/MathML';
  const HTML_NAMES = ['div', 'span', 'p', 'b', 'ul', 'li', 'table', 'a', 'section', 'x-widget', 'button', 'input'];
  const WORDS = ['alpha', 'beta', 'größer', '漢字', 'שלום', '🙂', '<&>"\'', '\u00a0', 'a\nb\tc', '', 'e\u0301'];
  // Content here is not the page's to edit: not compared, not shown, or with a meaning of its own for the browser.
  const CLOSED = 'script, style, noscript, iframe, frame, object, embed, applet, template, textarea, title, base, meta, link';

  /** Mulberry32. */
  const generator = (seed) => {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  };

  const run = ({ seed, count }) => {
    const random = generator(seed);
    const below = (n) => Math.floor(random() * n);
    const pick = (list) => list[below(list.length)];
    const done = {};
    let serial = 0;

    // Kept up to date roughly: entries that left the page are dropped when they are drawn.
    const elements = [];
    for (const element of document.body.querySelectorAll('*')) if (!element.closest(CLOSED)) elements.push(element);
    if (elements.length === 0) elements.push(document.body);

    const anElement = () => {
      for (let tries = 0; tries < 50; tries++) {
        const index = below(elements.length);
        if (elements[index].isConnected) return elements[index];
        elements[index] = elements[elements.length - 1];
        elements.pop();
        if (elements.length === 0) elements.push(document.body);
      }
      return document.body;
    };
    const aParent = () => (below(20) === 0 ? document.body : anElement());
    const removable = () => {
      for (let tries = 0; tries < 50; tries++) {
        const element = anElement();
        // Small things only: a page should still be a page after two hundred edits.
        if (element !== document.body && element.querySelectorAll('*').length < 40) return element;
      }
      return null;
    };
    const words = () => `${pick(WORDS)} ${seed}-${serial++} ${pick(WORDS)}`;
    const aText = () => {
      for (let tries = 0; tries < 50; tries++) {
        const texts = [...anElement().childNodes].filter((node) => node.nodeType === 3);
        if (texts.length > 0) return pick(texts);
      }
      return null;
    };
    const fresh = () => {
      const kind = below(12);
      if (kind === 0) return document.createComment(words());
      if (kind === 1) return document.createTextNode(words());
      if (kind === 2) {
        const svg = document.createElementNS(SVG, 'svg');
        svg.setAttribute('viewBox', '0 0 10 10');
        svg.append(document.createElementNS(SVG, 'linearGradient'), document.createElementNS(SVG, 'circle'));
        return svg;
      }
      if (kind === 3) {
        const math = document.createElementNS(MATHML, 'math');
        math.append(document.createElementNS(MATHML, 'mi'));
        math.firstChild.textContent = 'x';
        return math;
      }
      if (kind === 4) return document.createProcessingInstruction('page', words().replaceAll('?>', ''));
      const element = document.createElement(pick(HTML_NAMES));
      if (below(2) === 0) element.className = `c${below(5)} d${below(5)}`;
      if (below(2) === 0 && element.localName !== 'input') element.append(words());
      if (below(4) === 0) {
        const child = document.createElement('i');
        child.append(words(), document.createElement('br'), words());
        element.append(child);
      }
      return element;
    };
    const note = (node) => {
      if (node.nodeType === 1) elements.push(node, ...node.querySelectorAll('*'));
      return node;
    };
    const childOf = (parent) => (parent.childNodes.length > 0 ? pick(parent.childNodes) : null);

    const operations = {
      append: () => aParent().appendChild(note(fresh())),
      insert: () => {
        const parent = aParent();
        parent.insertBefore(note(fresh()), childOf(parent));
      },
      insertMany: () => {
        const parent = aParent();
        const fragment = document.createDocumentFragment();
        for (let i = below(8); i >= 0; i--) fragment.append(note(fresh()));
        parent.insertBefore(fragment, childOf(parent));
      },
      remove: () => removable()?.remove(),
      move: () => {
        const element = removable();
        const parent = aParent();
        if (!element || element.contains(parent)) return;
        parent.insertBefore(element, childOf(parent));
      },
      reverse: () => {
        const parent = aParent();
        if (parent === document.body || parent.childNodes.length > 200) return;
        for (const child of [...parent.childNodes]) parent.insertBefore(child, parent.firstChild);
      },
      comeAndGo: () => {
        const node = aParent().appendChild(fresh());
        node.remove();
      },
      goAndCome: () => {
        const element = removable();
        if (!element) return;
        const parent = element.parentNode;
        const next = element.nextSibling;
        element.remove();
        element.setAttribute('data-came-back', String(serial++));
        parent.insertBefore(element, next);
      },
      wrap: () => {
        const element = removable();
        if (!element) return;
        const wrapper = document.createElement('div');
        element.replaceWith(wrapper);
        wrapper.append(element);
        note(wrapper);
      },
      unwrap: () => {
        const element = removable();
        if (element) element.replaceWith(...element.childNodes);
      },
      replaceText: () => {
        const text = aText();
        if (text) text.data = words();
      },
      spliceText: () => {
        const text = aText();
        if (!text) return;
        const at = below(text.data.length + 1);
        text.replaceData(at, below(text.data.length - at + 1), pick(WORDS));
      },
      splitText: () => {
        const text = aText();
        if (text) text.splitText(below(text.data.length + 1));
      },
      normalize: () => removable()?.normalize(),
      innerHTML: () => {
        const element = removable();
        if (!element || element.namespaceURI !== document.documentElement.namespaceURI) return;
        element.innerHTML = `<b>${below(100)}</b> text <!-- c --><ul><li>1<li>${words().replaceAll('<', '&lt;')}</ul>`;
        note(element);
      },
      setAttribute: () => anElement().setAttribute(pick(['title', 'data-x', 'lang', 'aria-label', 'id', 'dir']), words()),
      removeAttribute: () => {
        const element = anElement();
        const names = element.getAttributeNames().filter((name) => !/^on|^data-cobrowse/i.test(name));
        if (names.length > 0) element.removeAttribute(pick(names));
      },
      foreignAttribute: () => anElement().setAttributeNS('urn:example', `ex:a${below(3)}`, words()),
      toggleClass: () => anElement().classList.toggle(`c${below(5)}`),
      style: () => {
        const element = anElement();
        element.style?.setProperty(pick(['color', 'margin-left', '--own', 'opacity']), pick(['red', '1px', '0.5', 'var(--x)']));
      },
    };
    const names = Object.keys(operations);
    for (let i = 0; i < count; i++) {
      const name = pick(names);
      operations[name]();
      done[name] = (done[name] ?? 0) + 1;
    }
    return { count, done };
  };

  window.__mutate = { run, generator };
})();
