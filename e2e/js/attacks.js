// What the cases "attacks/*" do in pages: a list of vectors loaded one by one without any protection, markup read into nodes, and an
// agent's page looked through.
(() => {
  'use strict';
  if (window.__attacks) return;

  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const ran = new Set();
  window.addEventListener('message', ({ data }) => Number.isInteger(data) && ran.add(data));

  const SPACES = {
    'http://www.w3.org/1999/xhtml': 'html',
    'http://www.w3.org/2000/svg': 'svg',
    'http://www.w3.org/1998/Math/MathML': 'math',
    'http://www.w3.org/1999/xlink': 'xlink',
  };
  const spaceOf = (uri) => (uri === null ? '' : SPACES[uri] ?? uri);

  // Past names that a page puts in the place of what its nodes have.
  const getter = (type, name) => {
    const { get } = Object.getOwnPropertyDescriptor(type.prototype, name);
    return (object) => get.call(object);
  };
  const attributesOf = getter(Element, 'attributes'), localNameOf = getter(Element, 'localName'), spaceUriOf = getter(Element, 'namespaceURI');
  const shadowOf = getter(Element, 'shadowRoot'), htmlOf = getter(Element, 'outerHTML'), nameOf = getter(Node, 'nodeName'), nodesOf = getter(Node, 'childNodes');
  const textOf = getter(Node, 'textContent'), contentOf = getter(HTMLTemplateElement, 'content'), bodyOf = getter(Document, 'body');
  const frames = { iframe: getter(HTMLIFrameElement, 'contentDocument'), frame: getter(HTMLFrameElement, 'contentDocument') };
  const all = (root) => (root.nodeType === 11 ? DocumentFragment : Document).prototype.querySelectorAll.call(root, '*');
  const isTemplate = (node) => localNameOf(node) === 'template' && spaceUriOf(node) === 'http://www.w3.org/1999/xhtml';

  const children = (node) => [...nodesOf(node)].map(nodeOf).filter((child) => child !== null);
  function nodeOf(node) {
    if (node instanceof Text) return node.data;
    if (node instanceof Comment) return { k: 1, d: node.data };
    if (node instanceof ProcessingInstruction) return { k: 2, d: `${node.target} ${node.data}` };
    if (!(node instanceof Element)) return null;
    const space = spaceOf(spaceUriOf(node));
    const told = { e: `${space} ${space === 'html' ? nameOf(node).toLowerCase() : nameOf(node)}` };
    told.a = [...attributesOf(node)].map(({ namespaceURI, name, value }) => [spaceOf(namespaceURI), name, value]);
    told.c = children(node);
    if (isTemplate(node)) told.t = children(contentOf(node));
    if (shadowOf(node)) told.s = children(shadowOf(node));
    return told;
  }

  // What may make something of an element happen.
  function prod(document, mayFollow) {
    const elements = [...all(document)];
    for (const element of mayFollow ? elements.slice(0, 60) : elements) {
      for (const { name } of [...attributesOf(element)]) {
        if (/^on[a-z]+$/i.test(name)) EventTarget.prototype.dispatchEvent.call(element, new Event(name.slice(2).toLowerCase()));
      }
      if (!mayFollow) continue;
      try {
        element.focus?.();
        if (/^(a|area|button|summary|maction|mi|math)$/.test(element.localName) || /^(submit|image|button|reset)$/.test(element.type)) {
          if (element.click) element.click();
          else element.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
        }
      } catch {
        // The same.
      }
    }
  }

  // All documents below one: those in frames, and shadow roots.
  function* roots(document) {
    yield document;
    for (const element of all(document)) {
      if (shadowOf(element)) yield* roots(shadowOf(element));
      const isHtml = spaceUriOf(element) === 'http://www.w3.org/1999/xhtml';
      const inner = isHtml ? frames[localNameOf(element)]?.(element) : null;
      if (inner) yield* roots(inner);
    }
  }

  const ADDRESSES = /^(href|src|action|formaction|data|srcdoc|to|from|by|values|background|poster|code|codebase|cite|longdesc|lowsrc|dynsrc|manifest|profile|archive)$/;

  window.__attacks = {
    ran: () => [...ran],
    forget: () => ran.clear(),

    /** Loads a page for each number, so many at a time, and has something happen to what is in it. */
    async plain(base, numbers) {
      const frames = numbers.map((number) => {
        const frame = document.createElement('iframe');
        frame.sandbox = 'allow-scripts allow-same-origin allow-forms allow-modals';
        frame.style.cssText = 'width: 60px; height: 40px; border: 0';
        frame.src = base + number;
        return document.body.appendChild(frame);
      });
      await pause(1300);
      for (const frame of frames) {
        try {
          for (const root of roots(frame.contentDocument)) prod(root, true);
        } catch {
          // It has gone to another origin.
        }
      }
      await pause(700);
      for (const frame of frames) frame.remove();
    },

    /** The nodes that a parser makes of each text: of its head and of its body. */
    nodes(texts) {
      return texts.map((text) => {
        const parsed = Document.parseHTMLUnsafe ? Document.parseHTMLUnsafe('<!DOCTYPE html>' + text) : new DOMParser().parseFromString('<!DOCTYPE html>' + text, 'text/html');
        const [root, head, body] = ['documentElement', 'head', 'body'].map((name) => getter(Document, name)(parsed));
        const told = nodeOf(body ?? root);
        // A page has one body only: its attributes are looked at by another element.
        if (body !== null && localNameOf(body) === 'body') told.e = 'html div';
        const attributes = nodeOf(root).a;
        return { e: 'html div', a: attributes, c: [...nodeOf(head).c, told] };
      });
    },

    /** Markup in a customer's page, each in a box of its own. */
    hold(texts) {
      for (const text of texts) {
        const box = Document.prototype.createElement.call(document, 'div');
        if (box.setHTMLUnsafe) box.setHTMLUnsafe(text);
        else box.innerHTML = text;
        Node.prototype.appendChild.call(bodyOf(document), box);
      }
    },

    /** Gives a document, and those in it, what no stream can: past everything but their policies. */
    force(document, address) {
      let number = 900000;
      for (const root of [...roots(document)]) {
        if (root.nodeType !== 9) continue;
        const { body } = root, window = root.defaultView;
        const to = (ending = '') => address + number++ + ending;
        const add = (name, more) => body.appendChild(Object.assign(root.createElement(name), more));
        add('img', { src: to() });
        add('img', { srcset: to() + ' 1x' });
        add('input', { type: 'image', src: to() });
        add('video', { src: to(), poster: to(), preload: 'auto' });
        add('audio', { src: to(), preload: 'auto' });
        add('link', { rel: 'stylesheet', href: to('.css') });
        add('link', { rel: 'icon', href: to() });
        add('link', { rel: 'prefetch', href: to() });
        add('link', { rel: 'preload', as: 'image', href: to() });
        add('link', { rel: 'modulepreload', href: to('.js') });
        add('link', { rel: 'manifest', href: to('.json') });
        add('script', { src: to('.js') });
        add('script', { textContent: `top.postMessage(${number++},'*')` });
        add('object', { data: to('.html') });
        add('embed', { src: to('.html') });
        add('p', { textContent: 'x' }).style.background = `url(${to()})`;
        add('style', { textContent: `@import "${to('.css')}"; @font-face { font-family: f; src: url(${to()}) } p { cursor: url(${to()}), auto; font-family: f; list-style: url(${to()}); display: list-item }` });
        const sheet = new window.CSSStyleSheet();
        sheet.replaceSync(`p { border-image: url(${to()}) 1 }`);
        root.adoptedStyleSheets = [sheet];
        const image = add('div', {});
        image.innerHTML = `<svg><image href="${to()}"/><filter id="f"><feImage href="${to()}"/></filter><rect width="9" height="9" filter="url(#f)"/><use href="${to('.svg')}#x"/></svg>`;
        new window.Image().src = to();
        image.animate({ backgroundImage: [`url(${to()})`, `url(${to()})`] }, 9000);
        add('form', { action: to('.html') }).submit();
        body.setAttribute('onclick', `top.postMessage(${number++},'*')`);
        body.click();
      }
    },

    // The one of these for which Chromium opens a connection before it asks the policy: where a frame is to go.
    nest(document, address) {
      document.body.appendChild(Object.assign(document.createElement('iframe'), { src: address + '899999.html' }));
    },

    prod(document) {
      for (const root of roots(document)) prod(root, false);
    },

    /** What must not be in a rebuilt page, however little could come of it. */
    found(document) {
      const found = [];
      const say = (what, element) => found.push(`${what}: ${htmlOf(element).slice(0, 200)}`);
      for (const root of roots(document)) {
        for (const element of all(root)) {
          const name = localNameOf(element).toLowerCase();
          for (const { namespaceURI: space, localName, value } of attributesOf(element)) {
            if (space !== null && space !== 'http://www.w3.org/1999/xlink') continue;
            if (/^on[a-z]+$/i.test(localName)) say('a handler', element);
            // eslint-disable-next-line no-control-regex
            const isScript = /^[\0- ]*javascript:./i.test(value.replace(/[\t\n\r]/g, ''));
            if (ADDRESSES.test(localName) && isScript) say('a script’s address', element);
            if (localName === 'srcdoc' && name === 'iframe') say('a document in an attribute', element);
            if (/^(iframe|frame|object|embed)$/.test(name) && /^(src|data)$/.test(localName) && value !== '') say('another document', element);
            if (name === 'meta' && localName === 'http-equiv' && /^(refresh|content-security-policy.*)$/i.test(value)) say('a pragma', element);
          }
          if (localNameOf(element) !== 'script' || !/(xhtml|svg)$/.test(spaceUriOf(element))) continue;
          if ([...nodesOf(element)].some((node) => nameOf(node) === '#text' && textOf(node) !== '') || [...attributesOf(element)].some(({ namespaceURI: space, localName }) => space !== 'urn:cobrowse:inert' && /^(src|href)$/.test(localName))) say('a script', element);
        }
      }
      return found;
    },
  };
})();
