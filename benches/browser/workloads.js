// What pages do, as workloads: `prepare` puts the page into the state before a step, outside of the timer; `step` is
// what is measured, with a flush behind each change that would be a frame of its own. Nothing here knows who records.

window.workloads = (() => {
  'use strict';
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const make = (name, className, ...inner) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    node.append(...inner);
    return node;
  };
  const stage = () => document.getElementById('stage') ?? document.body.appendChild(Object.assign(make('div'), { id: 'stage' }));
  const clear = () => stage().replaceChildren();
  const keep = {};

  let made = 0;
  const row = (i) => {
    const node = make('tr', 'row', make('td', 'id', String(i)), make('td', 'label', make('a', '', `row number ${i} of ${(made += 1)}`)),
      make('td', 'act', make('span', 'icon')), make('td', 'rest'));
    node.dataset.key = i;
    return node;
  };
  const fill = (count) => {
    const body = make('tbody');
    for (let i = 0; i < count; i++) body.append(row(i));
    clear();
    stage().append(make('table', '', body));
    return body;
  };
  const body = () => stage().querySelector('tbody');
  const append = (count) => {
    const rows = document.createDocumentFragment();
    for (let i = 0; i < count; i++) rows.append(row(i));
    body().append(rows);
  };
  const reorder = (order) => {
    const rows = [...body().children];
    order(rows).forEach((node) => body().append(node));
  };
  const shuffled = (rows) => {
    for (let i = rows.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [rows[i], rows[j]] = [rows[j], rows[i]];
    }
    return rows;
  };
  const tree = (count) => {
    const top = make('section', 'tree');
    for (let i = 0; i < count / 5; i++) top.append(make('p', 'leaf', make('b', '', 'bold ' + i), ' and text ', make('i', '', 'thin')));
    return top;
  };
  const typed = 'The quick brown fox jumps over the lazy dog. ';

  return {
    'create 1,000 rows': { prepare: () => fill(0), step: () => append(1000) },
    'create 10,000 rows': { prepare: () => fill(0), step: () => append(10000), rounds: 5 },
    'append 1 row to 1,000': { once: () => fill(1000), prepare: () => {}, step: () => append(1) },
    'append 1 row to 100,000': { once: () => fill(100000), prepare: () => {}, step: () => append(1) },
    'append 1,000 rows to 1,000': { prepare: () => fill(1000), step: () => append(1000) },
    'update every 10th of 1,000 rows': {
      prepare: () => fill(1000),
      step: () => stage().querySelectorAll('tr:nth-child(10n) a').forEach((node) => (node.firstChild.data += ' !!!')),
    },
    'swap two of 1,000 rows': {
      prepare: () => fill(1000),
      step: () => {
        const list = body(), a = list.children[1], b = list.children[998], after = b.nextSibling;
        a.before(b);
        list.insertBefore(a, after);
      },
    },
    'remove one of 1,000 rows': { prepare: () => fill(1000), step: () => body().children[500].remove() },
    'clear 1,000 rows': { prepare: () => fill(1000), step: () => body().replaceChildren() },
    'sort 1,000 rows': {
      prepare: () => fill(1000),
      step: () => reorder((rows) => rows.sort((a, b) => (a.dataset.key * 7919) % 1009 - (b.dataset.key * 7919) % 1009)),
    },
    'shuffle 1,000 rows': { prepare: () => fill(1000), step: () => reorder(shuffled) },
    'shuffle 10,000 rows': { prepare: () => fill(10000), step: () => reorder(shuffled), rounds: 5 },
    'reverse 1,000 rows': { prepare: () => fill(1000), step: () => reorder((rows) => rows.reverse()) },
    '200 texts a frame': {
      prepare: () => {
        clear();
        for (let i = 0; i < 200; i++) stage().append(make('p', '', '0'));
      },
      step: async (flush) => {
        for (let k = 0; k < 10; k++) {
          for (const node of stage().children) node.firstChild.data = String(Math.floor(random() * 1e6));
          await flush();
        }
      },
    },
    '200 animated style attributes': {
      prepare: () => {
        clear();
        for (let i = 0; i < 200; i++) stage().append(make('i', 'dot'));
      },
      step: async (flush) => {
        for (let k = 0; k < 10; k++) {
          for (const node of stage().children) node.style.transform = `translate(${(random() * 300).toFixed(1)}px, ${(random() * 300).toFixed(1)}px)`;
          await flush();
        }
      },
    },
    'class toggles on 5,000 nodes': {
      prepare: () => {
        clear();
        for (let i = 0; i < 5000; i++) stage().append(make('i', 'cell'));
      },
      step: () => {
        for (const node of stage().children) node.classList.toggle('on');
      },
    },
    'typing into an input': {
      prepare: () => {
        clear();
        keep.input = stage().appendChild(make('input'));
      },
      step: async (flush) => {
        for (const key of typed) {
          keep.input.value += key;
          keep.input.dispatchEvent(new InputEvent('input', { bubbles: true }));
          await flush();
        }
      },
    },
    'typing into a 20 KB paragraph': {
      prepare: () => {
        clear();
        keep.text = stage().appendChild(make('p', '', typed.repeat(460))).firstChild;
      },
      step: async (flush) => {
        for (const key of typed) {
          keep.text.insertData(10000, key);
          await flush();
        }
      },
    },
    'insertRule × 1,000': {
      prepare: () => {
        keep.style?.remove();
        keep.style = document.head.appendChild(make('style'));
      },
      step: () => {
        const { sheet } = keep.style;
        for (let i = 0; i < 1000; i++) sheet.insertRule(`.css-${i} { color: rgb(${i % 255}, 0, 0); margin: ${i}px }`, i);
      },
    },
    'a 5,000-node subtree moved 20 times': {
      prepare: () => {
        clear();
        keep.tree = tree(5000);
        stage().append(make('div', 'a', keep.tree), make('div', 'b'));
      },
      step: async (flush) => {
        for (let k = 0; k < 20; k++) {
          stage().children[k % 2 === 0 ? 1 : 0].append(keep.tree);
          await flush();
        }
      },
    },
    'innerHTML of 5,000 nodes replaced 10 times': {
      prepare: () => {
        clear();
        keep.html = tree(5000).innerHTML;
        stage().innerHTML = keep.html;
      },
      step: async (flush) => {
        for (let k = 0; k < 10; k++) {
          stage().innerHTML = keep.html;
          await flush();
        }
      },
      rounds: 5,
    },
    '500 shadow roots': {
      prepare: clear,
      step: () => {
        for (let i = 0; i < 500; i++) {
          const host = make('div', 'host', 'slotted ' + i);
          host.attachShadow({ mode: 'open' }).innerHTML = '<style>b { color: red }</style><b>in ' + i + '</b><slot></slot>';
          stage().append(host);
        }
      },
    },
    'adds and removes that cancel out': {
      prepare: clear,
      step: () => {
        for (let i = 0; i < 1000; i++) stage().append(row(i));
        clear();
      },
    },
  };
})();
