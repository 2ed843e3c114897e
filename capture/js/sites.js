// A session goes on on pages of other origins of the same site, whom the script tag lists (`data-sites`): a frame that nobody sees, from
// where the scripts come, keeps what they need (`capture/pages/hold.js`, which decides who gets it). Fetched on pages with such a list;
// exposes itself under a symbol, not a name, on the page.

import { STORE, isFresh, read } from './store.js';

const MESSAGE = 'cobrowse:hold';
// How long the frame may take to load, and to answer.
const PATIENCE_MS = 3000;

const address = new URL('hold.html', document.currentScript?.src ?? location.href);

// The origins in a list, as an array or with blanks between.
function listed(sites) {
  const list = Array.isArray(sites) ? sites : String(sites).split(/\s+/).filter(Boolean);
  for (const site of list) {
    let origin;
    try {
      ({ origin } = new URL(site));
    } catch {
      // Said below.
    }
    if (origin !== site) throw new TypeError(`cobrowse: sites: expected origins such as "https://pay.example.com", found ${JSON.stringify(site)}`);
  }
  return list;
}

class Hold {
  constructor(sites) {
    this.sites = listed(sites);
    // In a root of its own: no rule or script of the page's finds the frame.
    this.host = document.createElement('cobrowse-hold');
    this.host.setAttribute('data-cobrowse-ignore', '');
    this.host.style.setProperty('display', 'none', 'important');
    this.frame = Object.assign(document.createElement('iframe'), { src: address.href, title: 'cobrowse' });
    this.host.attachShadow({ mode: 'closed' }).append(this.frame);
  }

  // Resolves when the frame is there.
  open() {
    return (this.opened ??= new Promise((resolve, reject) => {
      const fail = (reason) => {
        done();
        reject(new Error(`cobrowse: ${address.href} ${reason}; the session does not go on on other subdomains`));
      };
      const timer = setTimeout(fail, PATIENCE_MS, 'does not answer');
      const onMessage = ({ data, source }) => {
        if (source !== this.frame.contentWindow || data !== MESSAGE) return;
        done();
        resolve();
      };
      const onViolation = ({ effectiveDirective, blockedURI }) => {
        if (!/^(frame|child|default)-src$/.test(effectiveDirective) || !address.href.startsWith(blockedURI)) return;
        fail(`may not be shown by this page's Content-Security-Policy; add ${address.origin} to its frame-src`);
      };
      const done = () => {
        clearTimeout(timer);
        removeEventListener('message', onMessage);
        removeEventListener('securitypolicyviolation', onViolation);
      };
      addEventListener('message', onMessage);
      addEventListener('securitypolicyviolation', onViolation);
      Document.prototype.querySelector.call(document, ':root').append(this.host);
    }));
  }

  async ask(action, value) {
    await this.open();
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise((resolve, reject) => {
      setTimeout(reject, PATIENCE_MS, new Error(`cobrowse: ${address.href} does not answer`));
      port1.onmessage = ({ data }) => {
        if ('done' in data) resolve(data.done);
        else reject(new Error(`cobrowse: the browser keeps nothing for ${address.href}: ${data.failed}; the session does not go on on other subdomains`));
      };
    });
    this.frame.contentWindow?.postMessage([MESSAGE, action, this.sites, value], address.origin, [port2]);
    return answer.finally(() => port1.close());
  }

  // Keeps what the next page needs.
  keep(record) {
    this.kept = this.ask('keep', record).catch(warn);
  }

  // Makes what this page's own storage has of a session as new as what the frame has.
  async take() {
    const { record, ended } = await this.ask('take');
    for (const area of ['sessionStorage', 'localStorage']) {
      const own = read(area);
      if (own && ended.includes(own.token)) window[area].removeItem(STORE);
      else if (record && own && own.token === record.token && own.at < record.at) window[area].setItem(STORE, JSON.stringify(record));
    }
    // A session of this tab's own goes before another; and one that nobody has said a word about for long is none any more.
    if (record && read('sessionStorage') === null && isFresh(record)) sessionStorage.setItem(STORE, JSON.stringify({ ...record, shared: false }));
  }

  // The session is over: nobody takes it any more, and the frame goes.
  async end(token) {
    await this.kept;
    await this.ask('end', token).catch(warn);
    this.close();
  }

  close() {
    this.host.remove();
  }
}

// Before a page goes on with a session: asks whether there is one, and leaves nothing behind.
async function take(sites) {
  const hold = new Hold(sites);
  try {
    await hold.take();
  } finally {
    hold.close();
  }
}

// The pages of other origins may go on with this session, too.
function share(session) {
  if (session.hold) return;
  try {
    session.hold = new Hold(session.options.sites);
    session.recorder.ignore(session.hold.host);
  } catch (error) {
    warn(error);
  }
}

const warn = (error) => console.warn(error.message);

window[Symbol.for('cobrowse.sites')] ??= { take, share };
