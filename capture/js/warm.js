// Runs the engine once over a small document of its own, so that a browser that compiles a function when it is first
// called has done so before a page is read.

import { handOver } from './recorder.js';
import { Reader } from './reader.js';

const ROWS = 40;

export function warmUp(wasm) {
  const page = document.implementation.createHTMLDocument('');
  const list = page.createElement('ul');
  for (let i = 0; i < ROWS; i++) list.append(makeRow(page, i));
  page.body.append(list, page.createComment('end'));
  const engine = new wasm.Engine(1, 2);
  const reader = new Reader({});
  reader.ids.set(page, 0);
  const turn = (state, finish) => {
    reader.start();
    state();
    const { words, text, units } = reader.finish();
    engine.read(words.length, handOver(wasm, engine, words, text, units), units);
    finish();
    reader.settle(engine.freed(), engine.fresh());
    engine.settle();
  };
  turn(() => {
    reader.beginRun(0, null);
    reader.tell(page.doctype);
    reader.tell(page.documentElement);
    reader.endRun();
  }, () => engine.keyframe(0));
  const id = (node) => reader.ids.get(node);
  turn(() => {
    const [first, second] = list.children;
    reader.attr(id(first), reader.plainName('class'), 'row selected and so on');
    reader.attr(id(first), reader.plainName('title'), null);
    reader.data(id(second.firstChild), 'another text than before');
    reader.gone(id(list.lastChild));
    reader.beginRun(id(list), id(first));
    reader.tell(makeRow(page, ROWS));
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
  const input = page.createElement('input');
  input.value = 'v' + i;
  row.append('Item number ' + i, input);
  return row;
}
