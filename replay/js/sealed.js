// An agent's end of a sealed session: what comes from the relay is opened or refused, and what goes to it is sealed
// (docs/security.md). What seals is wasm of its own. Fetched where a session is sealed; exposes itself under a symbol on the page.

import init, * as glue from 'cobrowse-seal-wasm';

const BASE = document.currentScript.src;
// What lets this tab in again after a reload.
const STORE = 'cobrowse-seal';
// So many refused messages are no accident any more.
const MOST_REFUSED = 16;

const WORDS = {
  first: 'The session is sealed: ask the customer for the code that their page shows beside the number',
  wrong: 'That is not the customer’s code. Their page shows a new one now: ask for it',
  link: 'The key in the link is not this session’s. Ask for the right link, or for the code that the customer’s page shows',
  closed: 'The customer’s page takes no codes any more: too many were wrong. Ask for a link, or have the customer begin a new session',
  again: 'The customer’s page does not know this one any more: ask the customer for the code that it shows now',
};

let compiled;

const load = () =>
  (compiled ??= init({ module_or_path: new URL('seal.wasm', BASE) }).catch((error) => {
    compiled = undefined;
    throw new Error(`cobrowse: sealed: ${new URL('seal.wasm', BASE)} could not be loaded or compiled: ${error.message}`);
  }));

const encode = (bytes) => btoa(String.fromCharCode(...bytes));
const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

class Seal {
  // `view` gets what was opened, and has the connection.
  constructor(view, { token, name = '', key }) {
    this.view = view;
    this.token = token;
    this.refused = 0;
    this.state = 'waiting';
    this.end = new glue.AgentSeal(token, name);
    const kept = this.kept();
    if (key ?? kept?.key) this.end.setLink(key ?? kept.key);
    this.key = key ?? kept?.key;
    try {
      if (kept?.ticket) this.end.setTicket(decode(kept.ticket));
    } catch {
      // Another's hand was in the store.
    }
    this.keep();
  }

  kept() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(STORE));
      return kept?.token === this.token ? kept : null;
    } catch {
      return null;
    }
  }

  keep() {
    const ticket = this.end.ticket();
    try {
      sessionStorage.setItem(STORE, JSON.stringify({ token: this.token, key: this.key, ticket: ticket && encode(ticket) }));
    } catch {
      // Without storage a reload needs the code or the link again.
    }
  }

  forget() {
    try {
      sessionStorage.removeItem(STORE);
    } catch {
      // There was none.
    }
  }

  take(bytes) {
    this.heed(this.end.take(bytes));
  }

  send(clear) {
    const sealed = this.end.seal(clear);
    if (sealed) this.view.put(sealed);
  }

  // The code that the customer has read out. Throws on what is none.
  offer(code) {
    const events = this.end.offer(code);
    this.become('waiting');
    this.heed(events);
  }

  heed(events) {
    for (const [name, what, isMissing] of events) {
      if (this.view.destroyed) return;
      if (name === 'send') this.view.put(what);
      else if (name === 'pass') this.view.receive(what);
      else if (name === 'lost') this.view.askWhole();
      else if (name === 'refused') this.refuse(what, isMissing);
      else if (name === 'code') this.become('code', WORDS[what], what);
      else {
        this.keep();
        this.become('sealed');
      }
    }
  }

  become(state, text = '', reason = '') {
    this.state = state;
    this.view.emit('sealed', { state, text, reason });
  }

  refuse(error, isMissing) {
    error.isRefused = true;
    this.view.emit('error', error);
    if (++this.refused >= MOST_REFUSED) {
      this.view.giveUp(new Error(`cobrowse: sealed: ${MOST_REFUSED} messages were refused; somebody between this page and the customer’s alters them. The connection is closed`));
    } else if (isMissing) {
      this.view.ask();
    }
  }
}

window[Symbol.for('cobrowse.sealed.agent')] = {
  async open(view, options) {
    if (!window.isSecureContext) {
      throw new Error(`cobrowse: sealed: expected a secure context (https, or localhost), found ${location.origin}: who alters this page on its way would have the key`);
    }
    await load();
    return new Seal(view, options);
  },
};
