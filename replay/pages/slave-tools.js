// The tools of the agent's page: what the mode allows and the agent in control may use. `slave.js` says when there is a player.

const SAID_MS = 6000;

// What a refusal means for the agent, by its reason.
const REASONS = {
  mode: 'The customer has not allowed that in this mode.',
  element: 'This part of the page is kept from you.',
  gone: 'That part of the page is gone.',
  customer: 'Only the customer can do that: please ask them to.',
  busy: 'The customer is using this field.',
  paused: 'The customer has paused the session.',
  declined: 'The customer has declined.',
  control: 'Another agent has control.',
  unfit: 'Nothing can be done there.',
};

const MODE_NAMES = { shared: 'You may act', view: 'You may scroll', follow: 'You may watch' };
const MORE = { follow: 'view', view: 'shared' };

class Tools {
  constructor() {
    this.by = (id) => document.getElementById(id);
    this.player = null;
    const press = (id, run) => this.by(id).addEventListener('click', () => this.player && run(this.player));
    press('back', (player) => player.back());
    press('forward', (player) => player.forward());
    press('reload', (player) => player.reload());
    press('wipe', (player) => player.wipe());
    press('control', (player) => player.requestControl());
    press('give', (player) => player.giveControl(this.asking.user));
    press('keep', (player) => player.giveControl(player.user));
    press('mode', (player) => {
      player.requestMode(MORE[player.mode]);
      this.say('The customer is asked.');
    });
    this.by('go').addEventListener('submit', (event) => {
      event.preventDefault();
      this.player?.go(this.by('url').value);
      this.by('url').blur();
    });
    this.by('url').addEventListener('blur', () => this.address(this.shownUrl));
    for (const button of document.querySelectorAll('[data-tool]')) {
      button.addEventListener('click', () => {
        if (this.player) this.player.tool = button.dataset.tool;
        this.update();
      });
    }
  }

  attach(player) {
    this.player = player;
    player.on('mode', () => this.update());
    player.on('controller', ({ controller, asking, isMine }) => {
      this.controller = controller;
      this.asking = isMine ? asking : null;
      this.by('asked').hidden = this.asking === null;
      if (this.asking) this.by('asked-text').textContent = `${asking.name || 'Another agent'} asks for control.`;
      else if (asking && asking.user === player.user) this.say('Asked for control …');
      this.update();
    });
    player.on('refused', ({ reason }) => this.say(REASONS[reason] ?? 'That was not done.'));
    player.on('proposed', () => this.say('The customer is asked to accept it.'));
    player.on('url', ({ url }) => this.address(url));
    this.update();
  }

  detach() {
    this.player = null;
    this.asking = null;
    this.by('asked').hidden = true;
    this.address('');
    this.update();
  }

  address(url) {
    this.shownUrl = url;
    if (document.activeElement !== this.by('url')) this.by('url').value = url;
  }

  update() {
    const { player } = this;
    const mode = player?.mode ?? null;
    const acts = mode === 'shared' && player.hasControl;
    for (const id of ['history', 'tools']) this.by(id).hidden = !acts;
    this.by('url').readOnly = !acts;
    const tag = this.by('mode');
    tag.hidden = mode === null;
    tag.textContent = mode === null ? '' : player.hasControl ? MODE_NAMES[mode] : 'You may watch';
    tag.disabled = !player?.hasControl || !(mode in MORE);
    tag.title = tag.disabled ? '' : 'Ask the customer for more';
    const control = this.by('control');
    control.hidden = mode === null || player.hasControl;
    control.textContent = 'Ask for control';
    control.title = this.controller ? `${this.controller.name || 'Another agent'} has control` : '';
    for (const button of document.querySelectorAll('[data-tool]')) {
      button.setAttribute('aria-checked', String(button.dataset.tool === (player?.tool ?? 'hand')));
    }
  }

  say(text) {
    const node = this.by('said');
    node.textContent = text;
    node.hidden = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (node.hidden = true), SAID_MS);
  }
}

window.cobrowseTools = new Tools();
