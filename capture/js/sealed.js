// A sealed session on the customer's page: what goes to the relay is sealed before, and what comes from it is opened or refused
// (docs/security.md). What seals is wasm of its own. Fetched where `sealed: true`; exposes itself under a symbol, not a name, on the page.

import init, * as glue from 'cobrowse-seal-wasm';
import { SEALED_WORDS } from './sealed-words.js';

const BASE = document.currentScript.src;
// So many refused messages are no accident any more.
const MOST_REFUSED = 16;

let compiled;

const load = () =>
  (compiled ??= init({ module_or_path: new URL('seal.wasm', BASE) }).catch((error) => {
    compiled = undefined;
    throw new Error(`cobrowse: sealed: ${new URL('seal.wasm', BASE)} could not be loaded or compiled, so nothing is shared: ${error.message}`);
  }));

const encode = (bytes) => btoa(String.fromCharCode(...bytes));
const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

class Seal {
  constructor(session) {
    this.session = session;
    this.refused = 0;
    const seal = this;
    // What the page gets.
    this.about = Object.freeze({
      get key() { return seal.end.link(); },
      get code() { return seal.end.code() ?? null; },
      link(address) {
        const url = new URL(address, location.href);
        const behind = new URLSearchParams(url.hash.slice(1));
        behind.set('sid', session.token);
        behind.set('key', seal.end.link());
        url.hash = behind;
        return url.href;
      },
    });
  }

  // A new life of the page: of a session that begins, or goes on with what another page has left.
  begin(saved = this.session.resumed?.seal) {
    const { session } = this;
    this.end?.free();
    const now = Math.floor(Date.now() / 1000);
    try {
      this.end = new glue.CustomerSeal(session.token, now, saved ? decode(saved) : undefined);
    } catch (error) {
      if (!saved) throw error;
      // Another's hand was in the store. Agents begin anew.
      this.end = new glue.CustomerSeal(session.token, now);
    }
    session.live.save(session);
  }

  // For the next page.
  saved() {
    return this.end && encode(this.end.saved());
  }

  // What the customer reads beside the session's number; nothing where every agent who is there has the key.
  said(overlay, isWatched) {
    if (isWatched && !this.end.isAsked()) return '';
    const words = { ...SEALED_WORDS.en, ...SEALED_WORDS[overlay.language], ...this.session.options.words };
    const code = this.end.code();
    return code ? words.sealedCode.replace('{what}', code.replace(/(....)(?=.)/, '$1\u00a0')) : words.sealedClosed;
  }

  // The connection, with a seal before and behind it. `keyed`: an agent has the key.
  connect(make, handlers, keyed) {
    this.keyed = keyed;
    this.handlers = handlers;
    const link = make({
      ...handlers,
      message: (bytes) => this.heed(this.end.take(bytes)),
      ready: (isWhole, agents) => {
        if (agents) this.heed(this.end.present(Uint32Array.from(agents)));
        handlers.ready(isWhole, agents);
      },
    });
    this.put = link.send.bind(link);
    link.send = (clear) => {
      let sealed;
      try {
        sealed = this.end.seal(clear);
      } catch (error) {
        this.session.fail(error);
        return;
      }
      if (sealed) this.put(sealed);
    };
    return link;
  }

  heed(events) {
    const { session } = this;
    for (const [name, what] of events) {
      if (session.ended) return;
      if (name === 'send') this.put(what);
      else if (name === 'pass') this.handlers.message(what);
      else if (name === 'keyed') this.keyed();
      else if (name === 'keyframe') session.recorder?.keyframe?.();
      else if (name === 'refused') this.refuse(what);
      else this.changed();
    }
  }

  changed() {
    const { session } = this;
    session.live.save(session);
    session.overlay?.update();
    session.emit('sealed', this.about);
  }

  refuse(error) {
    const { session } = this;
    console.warn(error.message);
    session.emit('error', error);
    if (++this.refused < MOST_REFUSED) return;
    session.fail(new Error(`cobrowse: sealed: ${MOST_REFUSED} messages were refused; somebody between this page and the agent alters them. The session is over`));
  }
}

window[Symbol.for('cobrowse.sealed')] = {
  async open(session) {
    if (!window.isSecureContext) {
      throw new Error(`cobrowse: sealed: expected a secure context (https, or localhost), found ${location.origin}: who alters this page on its way would have the key, so nothing is shared`);
    }
    await load();
    return new Seal(session);
  },
};
