// Pictures for the customer and the customer's screen, on the agent's page. `slave.js` says when there is a player.

// What stands beside the picture's name, and whether it can still be taken back.
const DOCUMENT_SAYS = {
  sending: ({ arrived, size }) => `is on its way, ${Math.round((100 * arrived) / size)} %`,
  shown: () => 'is shown to the customer',
  closed: () => 'was closed by the customer',
  replaced: () => 'has given way to another picture',
  'taken-back': () => 'is not shown any more',
  refused: ({ reason }) => 'is not shown: ' + (DOCUMENT_REFUSED[reason] ?? reason),
};
const DOCUMENT_REFUSED = {
  kind: 'it is no JPG, PNG or GIF', large: 'it is too large', broken: 'it is damaged', site: 'this site has no pictures shown',
  pieces: 'it did not arrive as it was sent', control: 'another agent has control', paused: 'the customer has paused the session', unfit: 'the customer’s page cannot show pictures',
};
// What the screen's states mean for the agent; those without words need none.
const SCREEN_SAYS = {
  asking: () => 'The customer is asked to show the screen …',
  declined: ({ reason }) => SCREEN_DECLINED[reason] ?? SCREEN_DECLINED.customer,
  connecting: () => 'The customer shows the screen; the two browsers look for a way to each other …',
  shown: () => 'The customer’s screen: you can only look.',
  paused: () => 'The customer has paused the screen.',
  ended: () => 'The customer’s screen is not shown any more.',
  failed: ({ reason }) => SCREEN_FAILED[reason] ?? SCREEN_FAILED.route,
};
const SCREEN_DECLINED = {
  customer: 'The customer does not want to show the screen.', site: 'This site has no screen shown.',
  unsupported: 'The customer’s browser cannot show the screen: those of phones cannot.',
};
const SCREEN_FAILED = {
  route: 'There is no way between the two browsers: their networks let none through. That needs a TURN server, which the relay’s operator can set up.',
  full: 'Too many agents look at the screen already.', broken: 'The two browsers did not understand each other.',
};
const LASTS = new Set(['connecting', 'shown', 'paused', 'asking', 'failed']);
const PASSES_MS = 8000;

class Assist {
  constructor() {
    this.by = (id) => document.getElementById(id);
    this.player = null;
    this.by('picture').addEventListener('click', () => this.by('file').click());
    this.by('file').addEventListener('change', () => {
      const [file] = this.by('file').files;
      this.by('file').value = ''; // The same one may be chosen again.
      if (file) this.show(file);
    });
    this.by('take-back').addEventListener('click', () => this.player?.takeBackDocument());
    this.by('screen').addEventListener('click', () => this.player && this.player.screen.request());
    this.by('screen-end').addEventListener('click', () => this.player?.screen.end());
    this.by('screen-retry').addEventListener('click', () => this.player?.screen.retry());
    this.by('screen-front').addEventListener('click', () => {
      this.player.screen.inFront = !this.player.screen.inFront;
      this.update();
    });
  }

  attach(player) {
    this.player = player;
    player.on('mode', () => this.update());
    player.on('controller', () => this.update());
    player.on('document', (now) => this.shown(now));
    player.on('screen', (now) => this.screen(now));
    player.on('screen-connected', () => tellEmbedder('screen-connected'));
    player.on('screen-ended', () => tellEmbedder('screen-ended'));
    player.on('refused', ({ command, reason }) => command === 72 && reason === 'unfit' && this.screen({ state: 'failed', reason: 'broken' }));
    this.update();
  }

  detach() {
    this.player = null;
    this.by('shown').hidden = this.by('screen-bar').hidden = true;
    this.update();
  }

  async show(file) {
    try {
      await this.player?.shareDocument(file);
    } catch (error) {
      this.line('shown', error.message.replace(/^cobrowse: document: /, 'Not shown: '), 'problem');
      this.by('take-back').hidden = true;
    }
  }

  line(id, text, kind) {
    this.by(id + '-text').textContent = text;
    this.by(id).hidden = false;
    this.by(id).classList.toggle('problem', kind === 'problem');
    clearTimeout(this[id + 'Timer']);
    if (kind === 'passes') this[id + 'Timer'] = setTimeout(() => (this.by(id).hidden = true), PASSES_MS);
  }

  shown(now) {
    const isOpen = now.state === 'sending' || now.state === 'shown';
    this.by('take-back').hidden = !isOpen;
    this.line('shown', `“${now.name}” ${DOCUMENT_SAYS[now.state](now)}`, isOpen ? '' : now.state === 'refused' ? 'problem' : 'passes');
  }

  screen(now) {
    if (now.state !== 'off') this.line('screen-bar', SCREEN_SAYS[now.state](now), now.state === 'failed' ? 'problem' : LASTS.has(now.state) ? '' : 'passes');
    this.update();
  }

  update() {
    const { player } = this;
    const mayAsk = Boolean(player?.hasControl) && player.mode !== null;
    const state = player?.screen.state ?? 'off';
    const isOn = state === 'shown' || state === 'paused';
    this.by('share').hidden = !mayAsk;
    this.by('screen').hidden = isOn || state === 'asking' || state === 'connecting';
    this.by('screen-end').hidden = !mayAsk || !(isOn || state === 'connecting');
    this.by('screen-retry').hidden = state !== 'failed';
    this.by('screen-front').hidden = !isOn || player.screen.only;
    this.by('screen-front').textContent = player?.screen.inFront ? 'Show the page' : 'Show the screen';
  }
}

// The page around this one, if there is one, is told of milestones; who it is says the browser. There is nothing secret in them.
function tellEmbedder(event) {
  // `embedded`: slave-embedded.js tells it.
  if (window.parent === window || new URLSearchParams(location.hash.slice(1)).get('embedded') === '1') return;
  const origin = location.ancestorOrigins?.[0] ?? (document.referrer ? new URL(document.referrer).origin : null);
  if (origin && origin !== 'null') window.parent.postMessage({ type: 'cobrowse', event }, origin);
}

window.cobrowseAssist = new Assist();
