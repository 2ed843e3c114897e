// Runs the engine once over a small document of its own, so that a browser that compiles a function when it is first
// called, and better when it is called often, has done so before a page is read.

import { readMarkup } from './markup.js';
import { handOver } from './recorder.js';
import { Reader } from './reader.js';

const ROWS = 200;

export function warmUp(wasm) {
  const document = window.document.implementation.createHTMLDocument('');
  const list = document.createElement('ul');
  for (let i = 0; i < ROWS; i++) list.append(makeRow(document, i));
  document.body.append(list, document.createComment('end'));
  const engine = new wasm.Engine(1, 2);
  const reader = new Reader({});
  reader.ids.set(document, 0);
  const turn = (state, finish) => {
    reader.start();
    state();
    const { words, text, units } = reader.finish();
    engine.read(words.length, handOver(wasm, engine, words, text, units), units);
    finish();
    reader.settle(engine.freed(), engine.fresh());
    engine.settle();
  };
  const id = (node) => reader.ids.get(node);
  readMarkup({ page: { document, window }, wasm, engine, reader, changes: { touched: new Set(), hosts: new Set() } });
  turn(() => {
    reader.beginRun(0, id(document.documentElement));
    reader.tell(document.doctype);
    reader.endRun();
  }, () => engine.keyframe(0));
  turn(() => {
    const [first, second] = list.children;
    reader.attr(id(first), reader.plainName('class'), 'row selected and so on');
    reader.attr(id(first), reader.plainName('title'), null);
    reader.data(id(second.firstChild), 'another text than before');
    reader.gone(id(list.lastChild));
    reader.beginRun(id(list), id(first));
    for (let i = 0; i < ROWS; i++) reader.tell(makeRow(document, ROWS));
    reader.tell(list.children[3]);
    reader.endRun();
  }, () => engine.delta(1));
  engine.hash();
  engine.free();
}

function makeRow(page, i) {
  const row = page.createElement('li');
  row.className = 'row r' + (i % 7);
  row.title = 'Row ' + i;
  const link = page.createElement('a');
  link.href = '/v' + i;
  row.append('Item number ' + i, link);
  return row;
}
