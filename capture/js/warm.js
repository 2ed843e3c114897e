// A rehearsal over a small document of its own, so that a browser that compiles a function when it is first called, and
// better when it is called often, has done so before a page is read.

import { PageRecorder } from './recorder.js';

const ROWS = 200;

export function warmUp(wasm) {
  const document = window.document.implementation.createHTMLDocument('');
  const list = document.createElement('ul');
  for (let i = 0; i < ROWS; i++) list.append(makeRow(document, i));
  document.body.append(list, document.createComment('end'));
  const recorder = new PageRecorder({ document, window }, wasm, {
    mask: null, unmask: null, block: null, ignore: null,
    sink: () => {},
    isBusy: () => false,
    onError: () => {},
  });
  recorder.keyframe();
  const [first, second] = list.children;
  first.className = 'row selected and so on';
  first.removeAttribute('title');
  second.firstChild.data = 'another text than before';
  list.lastChild.remove();
  list.prepend(makeRow(document, ROWS), list.children[3]);
  for (let i = 0; i < ROWS; i++) list.append(makeRow(document, ROWS));
  recorder.flush();
  recorder.stats();
  recorder.stop();
  recorder.engine.free();
}

function makeRow(document, i) {
  const row = document.createElement('li');
  row.className = 'row r' + (i % 7);
  row.title = 'Row ' + i;
  const link = document.createElement('a');
  link.href = '/v' + i;
  row.append('Item number ' + i, link);
  return row;
}
