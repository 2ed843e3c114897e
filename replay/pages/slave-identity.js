// Who the agent is, where the relay asks: by signing in at an issuer (OpenID Connect, an authorization code with PKCE), by what the page
// around this one gives, or by a key that the agent enters. What is shown for it stays in this tab: in its memory and its
// `sessionStorage`. It goes in a header, to the relay that this page is of, and to no other: an address may name any.
//
//   to the page around:  { type: 'cobrowse', event: 'bearer-wanted' }
//   from it:             { type: 'cobrowse', command: 'bearer', bearer }

const IDENTITY_KEPT = 'cobrowse-bearer';
const IDENTITY_ASKED = 'cobrowse-sign-in';
// How long the page around this one has before the agent is asked.
const AROUND_MS = 3000;
// What was given so lately and is refused, signing in again will not make better.
const FRESH_MS = 30_000;
const POPUP = 'cobrowse-sign-in';

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const unguessable = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const part = (id) => document.getElementById(id);

class SignIn {
  constructor() {
    this.bearer = null;
    this.givenAt = -Infinity;
    this.isAsked = false; // the agent has signed in here, or has entered a key
    this.problem = ''; // what was wrong with that
    this.refresh = null; // what a new token is given for, in memory only
    this.returned = this.back();
  }

  // The issuer has sent the agent back: what it said leaves the address at once, and what stood there before comes back.
  back() {
    const said = new URLSearchParams(location.search);
    const asked = JSON.parse(sessionStorage.getItem(IDENTITY_ASKED) ?? 'null');
    if (!asked || said.get('state') !== asked.state) return null;
    sessionStorage.removeItem(IDENTITY_ASKED);
    history.replaceState(null, '', location.pathname + asked.back);
    return { ...asked, code: said.get('code'), problem: said.get('error_description') ?? said.get('error') };
  }

  // What `mount` takes as `bearer`; nothing where the relay does not ask. `desk`: the page around this one directs it.
  async open(relay, desk) {
    this.relay = new URL(relay.replace(/\/?$/, '/'), location.href);
    this.desk = desk;
    this.asks ??= await fetch(new URL('api/identity', this.relay), { cache: 'no-store', credentials: 'omit' })
      .then((answer) => (answer.ok ? answer.json() : {}), () => ({}));
    if (!this.asks.required) return undefined;
    const own = [location.origin, document.querySelector('meta[name=cobrowse-relay]')?.content];
    if (!own.includes(this.relay.origin)) {
      throw new Error(`The relay at ${this.relay.origin} asks who you are. This page tells that to its own relay only.`);
    }
    return (isRefused) => this.get(isRefused);
  }

  async get(isRefused) {
    if (isRefused) await this.renew();
    return (this.bearer ??= this.kept() ?? (await this.ask()));
  }

  async renew() {
    const isFresh = performance.now() - this.givenAt < FRESH_MS;
    this.bearer = null;
    sessionStorage.removeItem(IDENTITY_KEPT);
    if (isFresh && !this.isAsked) throw new Error('The relay does not take what the page around this one says of who you are');
    this.problem = isFresh ? 'The relay does not know you by that.' : '';
    if (this.refresh) await this.exchange({ grant_type: 'refresh_token', refresh_token: this.refresh }).catch(() => (this.refresh = null));
  }

  keep(bearer) {
    this.bearer = bearer;
    this.givenAt = performance.now();
    return bearer;
  }

  // What this tab has from before a reload.
  kept() {
    const kept = JSON.parse(sessionStorage.getItem(IDENTITY_KEPT) ?? 'null');
    return kept?.relay === this.relay.href ? kept.bearer : null;
  }

  remember(bearer) {
    this.isAsked = true;
    sessionStorage.setItem(IDENTITY_KEPT, JSON.stringify({ relay: this.relay.href, bearer }));
    return this.keep(bearer);
  }

  async ask() {
    const { desk, returned } = this;
    if (desk) return this.keep(desk.bearer || desk.key || (await this.around()) || '');
    const given = this.isAsked ? null : await this.around();
    if (given) return this.keep(given);
    this.returned = null;
    if (returned?.problem) return this.form(returned.problem);
    if (returned) {
      try {
        return await this.exchange({ grant_type: 'authorization_code', code: returned.code, code_verifier: returned.verifier }, returned.nonce);
      } catch (error) {
        return this.form(error.message);
      }
    }
    return this.form(this.problem);
  }

  // What the page around this one gives, if the relay lists it.
  async around() {
    if (window.parent === window) return null;
    let hear, timer;
    const heard = new Promise((resolve) => {
      timer = setTimeout(resolve, AROUND_MS, null);
      hear = async ({ data, origin, source }) => {
        if (source !== window.parent || data?.type !== 'cobrowse' || data.command !== 'bearer' || typeof data.bearer !== 'string') return;
        if (await window.cobrowseEmbedded.mayDirect(origin, this.relay.href)) resolve(data.bearer);
      };
      addEventListener('message', hear);
    });
    // Not a secret: that something is wanted.
    window.parent.postMessage({ type: 'cobrowse', event: 'bearer-wanted' }, '*');
    const given = await heard;
    clearTimeout(timer);
    removeEventListener('message', hear);
    return given;
  }

  // The agent signs in here, or enters a key.
  form(problem) {
    const { signIn, keys } = this.asks;
    if (!signIn && !keys) throw new Error('The relay asks who you are: the page around this one is to say it');
    part('status').textContent = 'Who are you?';
    part('sign-in').hidden = false;
    part('sign-in-issuer').hidden = !signIn;
    part('sign-in-key').hidden = !keys;
    part('sign-in-problem').textContent = problem;
    return new Promise((resolve) => {
      const done = (bearer) => {
        part('sign-in').hidden = true;
        resolve(this.remember(bearer));
      };
      part('sign-in-issuer').onclick = () => this.leave(done).catch(({ message }) => (part('sign-in-problem').textContent = message));
      part('sign-in').onsubmit = (event) => {
        event.preventDefault();
        const key = part('key').value.trim();
        part('key').value = part('sign-in-problem').textContent = '';
        if (/^[\x21-\x7e]+$/.test(key)) done(key);
        else part('sign-in-problem').textContent = 'A key is letters, digits and signs, without blanks.';
      };
    });
  }

  async endpoints() {
    const { issuer } = this.asks.signIn;
    const answer = await fetch(issuer.replace(/\/$/, '') + '/.well-known/openid-configuration', { credentials: 'omit' });
    const told = await answer.json();
    if (told.issuer !== issuer) throw new Error('The issuer says that it is another one');
    return told;
  }

  // To the issuer and back; from within a frame in a window of its own, as issuers are in none.
  async leave(done) {
    if (window.parent !== window) {
      const popup = window.open(location.pathname + '#sign-in=1', POPUP, 'popup,width=480,height=680');
      if (!popup) throw new Error('The browser lets no window open for signing in.');
      addEventListener('message', function hear({ data, origin, source }) {
        if (source !== popup || origin !== location.origin || data?.type !== POPUP) return;
        removeEventListener('message', hear);
        done(data.bearer);
      });
      return;
    }
    const { client, scope } = this.asks.signIn;
    const endpoints = await this.endpoints();
    const [state, nonce, verifier] = [unguessable(), unguessable(), unguessable()];
    const challenge = base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)));
    const back = location.hash || '#' + location.search.slice(1);
    sessionStorage.setItem(IDENTITY_ASKED, JSON.stringify({ state, nonce, verifier, back }));
    const url = new URL(endpoints.authorization_endpoint);
    const asked = {
      response_type: 'code', client_id: client, redirect_uri: location.origin + location.pathname, scope, state, nonce,
      code_challenge: challenge, code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    location.assign(url);
  }

  // A code, or what a new token is given for, becomes a token.
  async exchange(grant, nonce) {
    const { client, token } = this.asks.signIn;
    const body = new URLSearchParams({ ...grant, client_id: client, redirect_uri: location.origin + location.pathname });
    const { token_endpoint: endpoint } = await this.endpoints();
    const answer = await fetch(endpoint, { method: 'POST', body, credentials: 'omit' });
    const given = await answer.json();
    if (!answer.ok) throw new Error(given.error_description ?? given.error ?? `The issuer answered ${answer.status}`);
    // Whether this sign-in was asked for here; whether the token is right, the relay looks at.
    if (nonce !== undefined && claimsOf(given.id_token ?? '').nonce !== nonce) throw new Error('The issuer answered another question');
    this.refresh = given.refresh_token ?? this.refresh;
    return this.remember(given[token]);
  }

  // This page is the window that was opened for signing in.
  async run() {
    const [isIt, from] = [new URLSearchParams(location.hash.slice(1)).get('sign-in') === '1', window.opener];
    if (!isIt || !from) return false;
    part('status').textContent = 'Signing in …';
    await this.open('.', null);
    if (this.returned) from.postMessage({ type: POPUP, bearer: await this.get(false) }, location.origin);
    else await this.leave();
    if (this.bearer) window.close();
    return true;
  }
}

function claimsOf(token) {
  try {
    return JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
  } catch {
    return {};
  }
}

window.cobrowseIdentity = new SignIn();
