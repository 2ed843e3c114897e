// A storm over all that a page can be: shadow roots, frames, sheets, controls, layers, moves between them. The same for the
// same seed, but for when its turns come.
//
//   await window.__storm.run({ seed, count, log }) -> { count, done: { attachShadow: 12, … } }
(() => {
  'use strict';
  if (window.__storm) return;

  const SVG = 'http://www.w3.org/2000/svg';
  const MATHML = 'http://www.w3.org/1998/Math/MathML';
  const XLINK = 'http://www.w3.org/1999/xlink';
  const WORDS = ['alpha', 'beta', 'größer', '漢字', 'שלום', '🙂', '<&>"\'', '\u00a0', 'a\nb\tc', '', 'e\u0301', '\ud800', ']]>', '--'];
  const HTML_NAMES = [
    'div', 'span', 'p', 'b', 'ul', 'li', 'table', 'tbody', 'tr', 'td', 'a', 'section', 'x-plain', 'x-shadow', 'x-late', 'button', 'h1', 'pre',
    'details', 'summary', 'dialog', 'fieldset', 'legend', 'label', 'form', 'slot', 'picture', 'img', 'canvas', 'progress', 'meter', 'q', 'br', 'hr',
    'font', 'center', 'marquee', 'ruby', 'rt', 'template', 'noscript', 'map', 'area', 'object', 'video', 'output', 'unknown', 'h:colon', 'col',
  ];
  const HOSTS = ['div', 'span', 'p', 'section', 'article', 'h1', 'x-plain', 'main', 'blockquote'];
  const PROPERTIES = [
    ['color', ['red', 'rgb(1 2 3)', 'var(--x)', 'currentcolor']], ['margin', ['1px', '0 auto', '2em']], ['--x', ['red', ' ', '{a:b}', '1px']],
    ['background', ['linear-gradient(red, blue)', 'none', '#fff']], ['opacity', ['0.5', '1']], ['font', ['12px serif', 'italic 1em/1.2 monospace']],
    ['grid-template-areas', ['"a b" "c d"', 'none']], ['border', ['1px solid', '0']], ['width', ['50%', 'calc(1px + 2%)', '']], ['content', ['"x"', 'none']],
  ];
  const SELECTORS = ['.c1', '.c2 > b', 'p', ':host', '::slotted(*)', '#none', 'x-shadow', ':is(h1, p):not(.c3)', 'a:hover', '[data-x]', '*::before'];

  const { generator } = window.__mutate;

  if (!customElements.get('x-shadow')) {
    customElements.define('x-shadow', class extends HTMLElement {
      connectedCallback() {
        if (!this.shadowRoot) this.attachShadow({ mode: 'open' }).innerHTML = '<style>b { color: teal }</style><b>in <slot>nothing</slot></b><slot name="s"></slot>';
        const last = this.shadowRoot.lastElementChild;
        if (last) last.title = String(Number(last.title) + 1);
      }
      disconnectedCallback() {
        this.setAttribute('data-gone', '');
      }
      attributeChangedCallback() {
        this.append('changed');
      }
      static observedAttributes = ['lang'];
    });
  }

  const run = async ({ seed, count, log }) => {
    const random = generator(seed);
    const below = (n) => Math.floor(random() * n);
    const pick = (list) => list[below(list.length)];
    const done = {};
    let serial = 0;
    const words = () => `${pick(WORDS)} ${seed}-${serial++} ${pick(WORDS)}`;
    const stage = () => document.getElementById('storm') ?? document.body?.appendChild(Object.assign(document.createElement('div'), { id: 'storm' })) ?? document.documentElement;
    const innerOf = (element) => {
      const inner = element.localName === 'iframe' ? element.contentDocument : null;
      return inner?.documentElement ? inner : null;
    };
    // All roots: the stage, shadow roots, documents in frames, contents of templates.
    const roots = () => {
      const found = [stage()];
      for (let i = 0; i < found.length; i++) {
        for (const element of found[i].querySelectorAll('*')) {
          if (element.shadowRoot) found.push(element.shadowRoot);
          if (element.localName === 'template' && element.content) found.push(element.content);
          const inner = innerOf(element);
          if (inner) found.push(inner.body ?? inner.documentElement);
        }
        if (found[i].shadowRoot) found.push(found[i].shadowRoot);
      }
      return found;
    };
    let known = roots();
    const aRoot = () => {
      for (let tries = 0; tries < 8; tries++) {
        const root = pick(known);
        if (root.isConnected || root.nodeType === 11) return root;
      }
      return stage();
    };
    const anElement = () => {
      const root = aRoot();
      const all = root.querySelectorAll('*');
      return all.length > 0 ? all[below(all.length)] : root.nodeType === 1 ? root : root.host ?? stage();
    };
    // What is in a field that is kept is not compared: nothing goes there.
    const isText = (element) => ['style', 'script', 'textarea', 'title', 'input'].includes(element.localName);
    const aParent = () => {
      for (let tries = 0; tries < 10; tries++) {
        const parent = below(3) === 0 ? aRoot() : anElement();
        if (!isText(parent)) return parent;
      }
      return stage();
    };
    const removable = () => {
      for (let tries = 0; tries < 30; tries++) {
        const element = anElement();
        if (element !== stage() && element.localName !== 'html' && element.localName !== 'body' && element.localName !== 'head') return element;
      }
      return null;
    };
    const find = (selector) => {
      for (let tries = 0; tries < 12; tries++) {
        const all = aRoot().querySelectorAll(selector);
        if (all.length > 0) return pick(all);
      }
      return null;
    };
    const aText = () => {
      for (let tries = 0; tries < 30; tries++) {
        const texts = [...anElement().childNodes].filter((node) => node.nodeType === 3 || node.nodeType === 8);
        if (texts.length > 0) return pick(texts);
      }
      return null;
    };
    const rule = () => {
      const declarations = Array.from({ length: 1 + below(3) }, () => pick(PROPERTIES)).map(([name, values]) => `${name}: ${pick(values)}`).join('; ');
      const plain = `${pick(SELECTORS)} { ${declarations} }`;
      switch (below(9)) {
        case 0: return `@media (min-width: ${below(2000)}px) { ${plain} }`;
        case 1: return `@supports (display: grid) { ${plain} }`;
        case 2: return `@layer l${below(3)} { ${plain} }`;
        case 3: return `@keyframes k${below(3)} { from { opacity: 0 } to { opacity: 1 } }`;
        case 4: return `.c${below(4)} { color: red; & b { ${declarations} } }`;
        case 5: return `@font-face { font-family: f${below(3)}; src: url(none-${below(3)}.woff2) }`;
        case 6: return `@container (width > ${below(900)}px) { ${plain} }`;
        default: return plain;
      }
    };
    const fresh = (owner = document) => {
      switch (below(22)) {
        case 0: return owner.createComment(words());
        case 1: case 2: return owner.createTextNode(words());
        case 3: {
          const svg = owner.createElementNS(SVG, 'svg');
          svg.innerHTML = `<defs><linearGradient id="g${below(3)}"><stop offset="0"/></linearGradient></defs><g><text>${below(9)}</text></g><foreignObject><p xmlns="http://www.w3.org/1999/xhtml">html</p></foreignObject>`;
          const use = svg.appendChild(owner.createElementNS(SVG, 'use'));
          use.setAttributeNS(XLINK, 'xlink:href', `#g${below(3)}`);
          return svg;
        }
        case 4: {
          const math = owner.createElementNS(MATHML, 'math');
          math.innerHTML = '<mi>x</mi><mo>&lt;</mo><annotation-xml encoding="text/html"><b>y</b></annotation-xml>';
          return math;
        }
        case 5: return owner.createProcessingInstruction('page', words().replaceAll('?>', ''));
        case 6: {
          const style = owner.createElement('style');
          style.textContent = Array.from({ length: below(4) }, rule).join('\n');
          return style;
        }
        case 7: {
          const host = owner.createElement(pick(HOSTS));
          const shadow = host.attachShadow({ mode: pick(['open', 'open', 'closed']), delegatesFocus: below(2) === 0 });
          shadow.append(owner.createElement('slot'), fresh(owner));
          host.append(words());
          return host;
        }
        case 8: {
          const input = owner.createElement('input');
          input.type = pick(['text', 'checkbox', 'radio', 'range', 'number', 'search', 'color', 'date', 'hidden', 'button', 'password', 'file']);
          if (input.type === 'radio') input.name = `r${below(2)}`;
          return input;
        }
        case 9: {
          const select = owner.createElement('select');
          select.multiple = below(3) === 0;
          for (let i = below(5); i >= 0; i--) select.append(new Option(words(), String(i), below(3) === 0));
          return select;
        }
        case 10: {
          const area = owner.createElement('textarea');
          area.append(words());
          return area;
        }
        case 11: {
          if (known.length > 30) return owner.createTextNode(words());
          const frame = owner.createElement('iframe');
          if (below(2) === 0) frame.srcdoc = `<!DOCTYPE html><title>inner</title><p class="c1">inner ${serial++}</p>`;
          return frame;
        }
        case 12: {
          const template = owner.createElement('template');
          template.innerHTML = `<p>${below(99)}<b>in a template</b></p>`;
          return template;
        }
        default: {
          const element = owner.createElement(pick(HTML_NAMES));
          if (below(2) === 0) element.className = `c${below(5)} d${below(5)}`;
          if (below(6) === 0) element.slot = 's';
          if (below(2) === 0) element.append(words());
          if (below(4) === 0) element.append(owner.createElement('i'), words());
          return element;
        }
      }
    };
    const put = (parent, node, before) => {
      if (node.contains?.(parent) || parent === node) return;
      try {
        parent.insertBefore(node, before);
      } catch (error) {
        if (error.name !== 'HierarchyRequestError') throw error;
      }
    };
    const childOf = (parent) => (parent.childNodes.length > 0 ? pick([...parent.childNodes, null]) : null);
    const ownerOf = (node) => node.ownerDocument ?? document;
    const sheetOf = () => {
      const root = aRoot();
      const owner = root.nodeType === 11 ? root : ownerOf(root);
      const sheets = [...(owner.styleSheets ?? []), ...(owner.adoptedStyleSheets ?? [])];
      return sheets.length > 0 ? pick(sheets) : null;
    };
    const rulesOf = (sheet) => {
      let list = sheet;
      try {
        for (let depth = 0; depth < 3 && list.cssRules.length > 0 && below(2) === 0; depth++) {
          const inner = pick([...list.cssRules]);
          if (!inner.cssRules || !inner.insertRule || inner.constructor.name === 'CSSKeyframesRule') break;
          list = inner;
        }
        return list.cssRules && list.insertRule ? list : null;
      } catch {
        return null;
      }
    };

    const operations = {
      append: () => { const parent = aParent(); put(parent, fresh(ownerOf(parent)), null); },
      insert: () => { const parent = aParent(); put(parent, fresh(ownerOf(parent)), childOf(parent)); },
      insertFromElsewhere: () => { const parent = aParent(); put(parent, fresh(document), childOf(parent)); },
      remove: () => removable()?.remove(),
      move: () => { const node = removable(); const parent = aParent(); if (node) put(parent, node, childOf(parent)); },
      moveText: () => { const node = aText(); const parent = aParent(); if (node) put(parent, node, childOf(parent)); },
      moveBefore: () => {
        const node = removable(); const parent = aParent();
        if (!node || !parent.moveBefore || node.contains(parent)) return;
        try { parent.moveBefore(node, childOf(parent)); } catch (error) { if (error.name !== 'HierarchyRequestError') throw error; }
      },
      reverse: () => { const parent = aParent(); if (parent.childNodes.length < 60) for (const child of [...parent.childNodes]) parent.insertBefore(child, parent.firstChild); },
      clone: () => { const node = removable(); const parent = aParent(); if (node && node.querySelectorAll('*').length < 60) put(parent, node.cloneNode(below(4) > 0), childOf(parent)); },
      import: () => { const node = removable(); const parent = aParent(); if (node && node.querySelectorAll('*').length < 60) put(parent, ownerOf(parent).importNode(node, true), null); },
      takeOutAndEdit: () => {
        const node = removable();
        if (!node?.parentNode) return;
        const parent = node.parentNode, next = node.nextSibling;
        node.remove();
        node.append?.(words());
        node.setAttribute('data-x', words());
        parent.insertBefore(node, next);
      },
      wrap: () => { const node = removable(); if (!node) return; const around = ownerOf(node).createElement('div'); node.replaceWith(around); put(around, node, null); },
      unwrap: () => { const node = removable(); node?.replaceWith(...node.childNodes); },
      replaceChildren: () => { const parent = removable(); if (parent && !isText(parent) && parent.querySelectorAll('*').length < 30) parent.replaceChildren(fresh(ownerOf(parent)), words()); },
      textContent: () => { const node = removable(); if (node && node.querySelectorAll('*').length < 10) node.textContent = words(); },
      innerHTML: () => {
        const node = removable();
        if (!node || node.querySelectorAll('*').length > 20) return;
        node.innerHTML = `<b>${below(100)}</b> text <!-- c --><table><td>1<p>2</table><svg><path d="M0 0"/><desc><p>x</desc></svg><ul><li>1<li>&lt;</ul>`;
      },
      outerHTML: () => { const node = removable(); if (node?.parentNode?.nodeType === 1 && node.querySelectorAll('*').length < 20) node.outerHTML = `<em title="${below(9)}">outer</em>tail`; },
      adjacentHTML: () => { const node = removable(); if (node?.parentElement && !isText(node)) node.insertAdjacentHTML(pick(['beforebegin', 'afterbegin', 'beforeend', 'afterend']), `<u>${below(9)}</u> and <!--x-->`); },
      htmlWithShadow: () => { const node = removable(); if (node?.setHTMLUnsafe && node.querySelectorAll('*').length < 20 && !isText(node)) node.setHTMLUnsafe('<div><template shadowrootmode="open"><style>p{color:red}</style><p>declared<slot></slot></p></template>light</div>'); },
      surround: () => {
        const text = aText();
        if (text?.nodeType !== 3 || !text.parentElement || isText(text.parentElement)) return;
        const range = ownerOf(text).createRange();
        range.setStart(text, below(text.data.length + 1));
        range.setEnd(text, text.data.length);
        range.surroundContents(ownerOf(text).createElement('mark'));
      },
      data: () => { const text = aText(); if (text) text.data = words(); },
      splice: () => { const text = aText(); if (!text) return; const at = below(text.data.length + 1); text.replaceData(at, below(text.data.length - at + 1), pick(WORDS)); },
      split: () => { const text = aText(); if (text?.nodeType === 3) text.splitText(below(text.data.length + 1)); },
      normalize: () => aRoot().normalize(),
      attribute: () => anElement().setAttribute(pick(['title', 'data-x', 'lang', 'aria-label', 'id', 'dir', 'class', 'style', 'hidden', 'slot', 'part', 'name', 'value', 'inert', 'popover', 'contenteditable', 'viewBox', 'xmlns:foo', 'odd:Name', 'UPPER', '@click', ':bind', 'a.b']), words()),
      // What was secret once stays so: of such fields the comparison knows only what they are now.
      removeAttribute: () => { const element = anElement(); const names = element.getAttributeNames(); if (names.length > 0 && element.id !== 'storm' && !/^(password|file)$/.test(element.type)) element.removeAttribute(pick(names)); },
      attributeNode: () => { const element = anElement(); const node = ownerOf(element).createAttributeNS('urn:x', `x:y${below(2)}`); node.value = words(); element.setAttributeNode(node); node.value += '!'; },
      toggle: () => anElement().toggleAttribute(pick(['hidden', 'inert', 'disabled', 'data-y'])),
      toggleClass: () => anElement().classList.toggle(`c${below(5)}`),
      style: () => { const [name, values] = pick(PROPERTIES); anElement().style?.setProperty(name, pick(values), pick(['', 'important'])); },
      cssText: () => { const { style } = anElement(); if (style) style.cssText = rule().replace(/^[^{]*\{|\}[^}]*$/g, ''); },
      attachShadow: () => {
        const host = anElement();
        if (host.shadowRoot || !HOSTS.includes(host.localName) || host.namespaceURI !== document.documentElement.namespaceURI) return;
        try {
          host.attachShadow({ mode: pick(['open', 'closed']), slotAssignment: pick(['named', 'manual']) }).append(fresh(ownerOf(host)), ownerOf(host).createElement('slot'));
        } catch (error) { if (error.name !== 'NotSupportedError') throw error; }
      },
      assign: () => { const slot = find('slot'); const host = slot?.getRootNode().host; if (host && slot.getRootNode().slotAssignment === 'manual') slot.assign(...[...host.children].filter(() => below(2) === 0)); },
      styleText: () => { const style = find('style'); if (style) style.textContent = Array.from({ length: below(4) }, rule).join('\n'); },
      styleAppend: () => find('style')?.append(rule()),
      insertRule: () => { const list = rulesOf(sheetOf() ?? {}); if (list) try { list.insertRule(rule(), below(list.cssRules.length + 1)); } catch (error) { if (!['HierarchyRequestError', 'SyntaxError', 'InvalidStateError'].includes(error.name)) throw error; } },
      deleteRule: () => { const list = rulesOf(sheetOf() ?? {}); if (list?.cssRules.length > 0) list.deleteRule(below(list.cssRules.length)); },
      ruleStyle: () => { const list = rulesOf(sheetOf() ?? {}); const found = list && [...list.cssRules].find((one) => one.style && one.selectorText); if (found) { const [name, values] = pick(PROPERTIES); found.style.setProperty(name, pick(values)); } },
      selectorText: () => { const list = rulesOf(sheetOf() ?? {}); const found = list && [...list.cssRules].find((one) => one.selectorText); if (found) found.selectorText = pick(SELECTORS); },
      disableSheet: () => { const sheet = sheetOf(); if (sheet) sheet.disabled = !sheet.disabled; },
      sheetMedia: () => { const sheet = sheetOf(); if (sheet) sheet.media.mediaText = pick(['', 'print', 'screen', '(min-width: 10px)']); },
      adopt: () => {
        const root = aRoot(); const owner = root.nodeType === 11 && root.host ? root : ownerOf(root);
        if (!owner.defaultView && owner.nodeType === 9) return;
        const View = (owner.nodeType === 9 ? owner : ownerOf(owner)).defaultView;
        if (!View || !owner.adoptedStyleSheets) return;
        const sheet = new View.CSSStyleSheet();
        sheet.replaceSync(`${rule()} ${rule()}`.replace(/@import[^;]*;/g, ''));
        owner.adoptedStyleSheets = below(2) === 0 ? [...owner.adoptedStyleSheets, sheet] : [sheet, ...owner.adoptedStyleSheets.slice(0, 3)];
      },
      shareSheet: () => {
        const all = known.filter((root) => root.nodeType === 11 && root.host && root.adoptedStyleSheets && ownerOf(root) === document);
        if (all.length < 2) return;
        const sheets = pick(all).adoptedStyleSheets;
        if (sheets.length > 0) try { pick(all).adoptedStyleSheets = [...sheets].reverse(); } catch (error) { if (error.name !== 'NotAllowedError') throw error; }
      },
      dropSheets: () => { const root = aRoot(); if (root.host && root.adoptedStyleSheets) root.adoptedStyleSheets = []; },
      replaceSheet: () => { const root = aRoot(); const sheet = root.adoptedStyleSheets?.[0]; sheet?.replaceSync(rule()); },
      value: () => { const field = find('input:not([type=file]), textarea'); if (field) field.value = field.type === 'number' || field.type === 'range' ? String(below(100)) : field.type === 'color' ? '#123456' : field.type === 'date' ? '2026-01-02' : words(); },
      check: () => { const field = find('input[type=checkbox], input[type=radio]'); if (field) field.checked = !field.checked; },
      indeterminate: () => { const field = find('input[type=checkbox]'); if (field) field.indeterminate = !field.indeterminate; },
      select: () => { const field = find('select'); if (field) field.selectedIndex = below(field.options.length + 1) - 1; },
      option: () => { const field = find('option'); if (field) field.selected = !field.selected; },
      addOption: () => { const field = find('select'); field?.add(new Option(words()), below(3)); },
      type: () => { const field = find('input:not([type=password], [type=file])'); if (field) field.type = pick(['text', 'checkbox', 'range', 'search', 'hidden', 'radio']); },
      resetForm: () => find('form')?.reset(),
      progress: () => { const bar = find('progress'); if (bar) bar.value = random(); },
      details: () => { const details = find('details'); if (details) details.open = !details.open; },
      dialog: () => { const dialog = find('dialog'); if (!dialog?.isConnected || !ownerOf(dialog).defaultView) return; if (dialog.open) dialog.close(); else dialog.show(); },
      popover: () => { const layer = find('[popover]'); if (layer?.isConnected && ownerOf(layer).defaultView && layer.popover) try { layer.togglePopover(); } catch (error) { if (!['NotSupportedError', 'InvalidStateError'].includes(error.name)) throw error; } },
      frameEdit: () => { const frame = find('iframe'); const inner = frame && innerOf(frame); inner?.body?.append(fresh(inner)); },
      frameOpen: () => { const frame = find('iframe'); const inner = frame && innerOf(frame); if (!inner || !frame.isConnected) return; inner.open(); inner.write(`<!DOCTYPE html><body class="c2"><p>written ${serial++}</p>`); inner.close(); },
      frameGo: () => { const frame = find('iframe'); if (frame) frame.srcdoc = `<p>gone on ${serial++}</p><style>p { color: red }</style>`; },
      frameRoot: () => { const frame = find('iframe'); const inner = frame && innerOf(frame); if (!inner) return; const root = inner.createElement('html'); root.innerHTML = '<head><title>other</title></head><body>other</body>'; inner.documentElement.replaceWith(root); },
      template: () => { const template = find('template'); template?.content?.append(fresh(template.content.ownerDocument)); },
      draw: () => { const canvas = find('canvas'); const context = canvas?.getContext('2d'); if (context) { context.fillStyle = pick(['red', 'blue', 'lime']); context.fillRect(below(50), below(50), 30, 30); } },
      resize: () => { const canvas = find('canvas'); if (canvas) canvas.width = 50 + below(100); },
      scroll: () => { const element = anElement(); element.scrollTop = below(500); },
      title: () => (document.title = words()),
      rootAttribute: () => document.documentElement.setAttribute(pick(['lang', 'class', 'dir', 'data-theme']), pick(['en', 'dark', 'ltr', 'x'])),
      head: () => document.head?.append(pick([() => Object.assign(document.createElement('meta'), { name: 'x', content: words() }), () => { const style = document.createElement('style'); style.append(rule()); return style; }])()),
      body: () => { if (below(12) !== 0) return; const body = document.createElement('body'); body.append(...document.body.childNodes); document.body.replaceWith(body); },
      define: () => { if (!customElements.get('x-late') && below(8) === 0) customElements.define('x-late', class extends HTMLElement { constructor() { super(); this.attachShadow({ mode: 'closed' }).append('late', document.createElement('slot')); } }); },
      lang: () => { const element = find('x-shadow'); if (element) element.lang = pick(['en', 'de']); },
      comeAndGo: () => { const parent = aParent(); const node = fresh(ownerOf(parent)); put(parent, node, null); node.remove(); },
      emptyAll: () => { if (below(40) === 0) stage().replaceChildren(); },
    };
    const names = Object.keys(operations);
    const pause = [
      () => undefined, () => undefined, () => Promise.resolve(), () => new Promise((next) => setTimeout(next)),
      () => new Promise((next) => requestAnimationFrame(next)), () => new Promise((next) => setTimeout(next, 12)),
    ];
    for (let i = 0; i < count; i++) {
      if (i % 16 === 0) {
        known = roots();
        const size = known.reduce((sum, root) => sum + root.querySelectorAll('*').length, 0);
        if (size > 2500) stage().replaceChildren();
      }
      const name = pick(names);
      log?.push(name);
      operations[name]();
      done[name] = (done[name] ?? 0) + 1;
      if (below(8) === 0) await pick(pause)();
    }
    return { count, done };
  };

  window.__storm = { run };
})();
