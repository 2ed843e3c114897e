// The engine: loaded by the loader when a session starts. Exposes itself under a symbol, not a name, on the page.

import init, * as glue from 'cobrowse-capture-wasm';
import { Changes } from './changes.js';
import { Reader } from './reader.js';
import { PageRecorder } from './recorder.js';
import { Session } from './session.js';
import { hearOnly, reportDocument } from './state.js';

window[Symbol.for('cobrowse.engine')] = (base, run) => {
  let compiled;
  const parts = {};
  let warmed;
  let current;
  let guest; // of the page around, in a frame

  const ready = () =>
    (compiled ??= init({ module_or_path: new URL('capture.wasm', base) }).then(
      ({ memory }) => ({ memory, Engine: glue.Engine }),
      (error) => {
        compiled = warmed = undefined;
        throw explain(error, base);
      },
    ));

  // What only some sessions need: those with people in them the question, the bar, the relay, the agent's hand; those on
  // pages with pictures of their own making the content; those that last a while what compares page and mirror.
  const part = (name) => () =>
    (parts[name] ??= run('capture-' + name + '.js').then(
      () => window[Symbol.for('cobrowse.' + name)],
      (error) => {
        parts[name] = undefined;
        throw error;
      },
    ));

  const begin = async (options, resumed) => {
    if (current && !current.ended) throw new Error('cobrowse: a session is running on this page; stop it first');
    const session = new Session(options, resumed);
    current = session;
    try {
      await session.open(ready, part);
    } catch (error) {
      session.end('failed');
      throw error;
    }
    return session.handle;
  };

  // A session that begins meanwhile goes before.
  const prepare = () => {
    if (document.querySelector('canvas')) part('content')().catch(() => undefined);
    return (warmed ??= Promise.all([part('warm')().catch(() => null), ready()]).then(([warmUp, wasm]) => warmUp?.(PageRecorder, wasm, () => !current)));
  };

  return {
    prepare,
    // In a frame: the page around has given this port.
    join: (port) => part('guest')().then((Guest) => {
      guest?.stop();
      guest = new Guest(port, part('live'), part('rules'), { Changes, Reader, hearOnly, reportDocument });
    }),
    start: (options = {}) => begin(options),
    // Where there is one already, it is that.
    resume: async () => {
      if (current && !current.ended) return current.handle;
      const record = (await part('live')()).saved();
      return record && begin(record.options, record);
    },
  };
};

function explain(error, base) {
  if (error instanceof WebAssembly.CompileError || /wasm|unsafe-eval/i.test(error.message)) {
    return new Error(
      "cobrowse: this page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to its script-src (" +
        error.message + ')',
    );
  }
  return new Error('cobrowse: ' + base + 'capture.wasm could not be loaded; does the CSP allow it (connect-src)? ' + error.message);
}
