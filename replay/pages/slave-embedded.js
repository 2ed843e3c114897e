// The agent's page in a tab of another system, which directs it by messages: who the agent is, what the conversation is called, the
// secret for invitations. Here the customer is invited, watched, and the session ended; the page around is told of milestones.
//
//   to the page around:  { type: 'cobrowse', event: 'ready' | 'connected' | 'ended' | 'screen-connected' | 'screen-ended' | 'chat', … }
//   from it:             { type: 'cobrowse', command: 'open', conversationId, key, bearer, name, site, channel, hasChat }
//                        { type: 'cobrowse', command: 'chatted', problem }
//
// Who that page is, the browser says; whether it may, the relay (`--frame-ancestors`).

const byId = (id) => document.getElementById(id);
const digits = (token) => token.replace(/(...)(?=.)/g, '$1\u00a0');

class Embedded {
  constructor() {
    this.origin = null; // of the page around, once it may
    this.desk = null; // what it has said
    this.token = null;
    this.player = null;
    this.isConnected = false;
    this.hasScreen = false;
  }

  // `hooks` are those of slave.js: the relay, `join(token)`, `status(text, state)`.
  open(hooks) {
    this.hooks = hooks;
    hooks.status('Waiting for the page around this one …', 'waiting');
    addEventListener('message', (event) => this.hear(event));
    // The tab is closed: so is the session.
    addEventListener('pagehide', () => this.player?.end());
    const press = (id, run) => byId(id).addEventListener('click', () => run().catch((error) => this.complain(error.message)));
    press('invite-start', () => this.invite());
    press('invite-cancel', async () => this.player?.end());
    press('invite-copy', () => this.copy());
    press('invite-chat', async () => this.tell('chat', { text: byId('invite-link').value || `${this.token}` }));
    // Not a secret: that it is here.
    if (window.parent !== window) window.parent.postMessage({ type: 'cobrowse', event: 'ready' }, '*');
    else hooks.status('This page is for a tab of another system (docs/integrations).', 'ended');
  }

  get name() {
    return this.desk?.name ?? '';
  }

  // What the agent reads while there is no page of the customer's.
  get waiting() {
    return this.token && !this.hasCustomer ? 'Waiting for the customer to accept …' : null;
  }

  async hear({ data, origin, source }) {
    if (source !== window.parent || data?.type !== 'cobrowse') return;
    if (this.origin !== null && origin !== this.origin) return;
    if (data.command === 'open' && this.desk === null) await this.begin(data, origin);
    else if (data.command === 'chatted' && this.origin !== null) this.complain(data.problem ?? '');
  }

  async begin(data, origin) {
    this.desk = {};
    if (!(await this.mayDirect(origin))) {
      this.desk = null;
      this.hooks.status(`The page around this one (${origin}) may not direct it: the relay does not list it (--frame-ancestors).`, 'ended');
      return;
    }
    this.origin = origin;
    const text = (value) => (typeof value === 'string' ? value : '');
    this.desk = { conversationId: text(data.conversationId), key: text(data.key), bearer: text(data.bearer), name: text(data.name).slice(0, 100), site: text(data.site), hasChat: data.hasChat === true };
    this.channel = data.channel === 'screen' ? 'screen' : 'cobrowse';
    byId('invite-chat').hidden = !this.desk.hasChat;
    this.show('Ready');
  }

  async mayDirect(origin, relay = this.hooks.relay) {
    if (origin === location.origin) return true;
    try {
      const url = new URL('api/embedding?origin=' + encodeURIComponent(origin), new URL(relay, location.href));
      return (await (await fetch(url, { cache: 'no-store', credentials: 'omit' })).json()).allowed === true;
    } catch {
      return false;
    }
  }

  tell(event, more) {
    if (this.origin !== null) window.parent.postMessage({ type: 'cobrowse', event, ...more }, this.origin);
  }

  complain(text) {
    byId('invite-problem').textContent = text.replace(/^cobrowse: /, '');
  }

  show(status) {
    if (status) this.hooks.status(status, status === 'Ready' ? 'waiting' : 'ended');
    byId('invite').hidden = false;
    byId('invite-begin').hidden = this.token !== null;
    byId('invite-open').hidden = this.token === null;
    byId('invite-about').textContent = this.token === null
      ? 'The customer is sent a link, or told a number, and is asked before anything is shared.'
      : 'The customer opens the link, or enters the number on the site.';
  }

  async invite() {
    this.complain('');
    byId('invite-start').disabled = true;
    try {
      const made = await this.make();
      this.token = made.token;
      this.hasCustomer = false;
      byId('invite-number').textContent = digits(made.token);
      const { site } = this.desk;
      byId('invite-link-label').hidden = !site;
      byId('invite-link').value = site ? this.link(site, made.token) : '';
      this.show();
      await this.hooks.join(made.token);
    } finally {
      byId('invite-start').disabled = false;
    }
  }

  link(site, token) {
    const url = new URL(site);
    url.searchParams.set('cobrowse', token);
    return url.href;
  }

  async make() {
    const { conversationId, key } = this.desk;
    const headers = { 'content-type': 'application/json', authorization: 'Bearer ' + key };
    const body = JSON.stringify({ mode: byId('invite-mode').value, reference: conversationId || undefined, invite: true, sealed: window.cobrowseSealed.options().sealed || undefined });
    const url = new URL('api/sessions', new URL(this.hooks.relay, location.href));
    const answer = await fetch(url, { method: 'POST', headers, body, credentials: 'omit' }).catch(() => null);
    if (!answer) throw new Error('The relay cannot be reached. Please try again.');
    const said = await answer.json().catch(() => ({}));
    if (answer.status === 401) throw new Error('The relay does not take the key of this tab: its secret for invitations is another one.');
    if (answer.status === 429) throw new Error('The relay asks for a pause, as there were too many wrong keys. Please try again in a minute.');
    if (!answer.ok) throw new Error('The relay refused an invitation: ' + (said.error ?? answer.status));
    return said;
  }

  async copy() {
    const input = byId('invite-link');
    const text = input.value || this.token;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // A frame may not always: what is selected is copied by the old way.
      input.select();
      document.execCommand('copy');
    }
    byId('invite-copy').textContent = 'Copied';
    setTimeout(() => (byId('invite-copy').textContent = 'Copy'), 2000);
  }

  // slave.js has a player that has joined.
  attach(player, token) {
    this.player = player;
    this.token = token;
    player.on('customer-joined', () => {
      this.hasCustomer = true;
      byId('invite').hidden = true;
    });
    player.on('screen-connected', () => this.screen(true));
    player.on('screen-ended', () => this.screen(false));
    // Connected is who sees the customer's page, not who waits for it.
    player.on('rebuilt', () => {
      byId('invite').hidden = true;
      if (this.isConnected) return;
      this.isConnected = true;
      if (this.channel === 'cobrowse') this.tell('connected', { token });
      else player.screen?.request();
    });
  }

  // The customer's screen is shown, or not any longer.
  screen(isShown) {
    if (isShown === this.hasScreen) return;
    this.hasScreen = isShown;
    this.tell(isShown ? 'screen-connected' : 'screen-ended', { token: this.token });
  }

  ended(text) {
    const { token, isConnected } = this;
    if (token === null) {
      this.complain(text);
      this.show();
      return;
    }
    this.screen(false);
    if (isConnected && this.channel === 'cobrowse') this.tell('ended', { token });
    // Nobody came: what slave.js says of it is about a customer who was there.
    const said = !this.hasCustomer && /nothing was heard/.test(text) ? 'The invitation has expired' : text;
    Object.assign(this, { token: null, player: null, isConnected: false });
    this.show(said);
  }
}

window.cobrowseEmbedded = new Embedded();
