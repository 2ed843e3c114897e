// A tab of Dynamics 365 Omnichannel, as a web resource: a frame with the agent's page of the relay, which has what a web resource may
// not hold, and the milestones that Omnichannel waits for, on `window.top`. Settings are attributes of this script's tag
// (docs/integrations/dynamics-365.md).

(() => {
  const script = document.currentScript;
  const setting = (name) => (script.getAttribute('data-' + name) ?? '').trim();
  const CHANNEL = setting('channel') === 'screen' || new URLSearchParams(location.search).get('mode') === 'screen' ? 'screen' : 'cobrowse';
  const MILESTONES = {
    cobrowse: { connected: 'CobrowseConnectedEvent', ended: 'CobrowseEndedEvent' },
    screen: { connected: 'ScreenShareConnectedEvent', ended: 'ScreenShareEndedEvent' },
  };
  // How often an encoded value may have been encoded.
  const ROUNDS = 4;

  const problem = (text) => {
    const node = document.getElementById('problem');
    node.textContent = text;
    node.hidden = false;
  };

  // The object in the parameter `data`, which may have been encoded more than once; an `Error` says what is wrong.
  function readData(search) {
    const found = /[?&]data=([^&]*)/i.exec(search);
    if (!found) throw new Error('This tab was opened without its parameter "data": expected data={"conversationId": "…"}.');
    let text = found[1];
    for (let round = 0; round <= ROUNDS; round++) {
      let value;
      try {
        value = JSON.parse(text);
      } catch {
        value = undefined;
      }
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        const id = value.conversationId;
        if (typeof id === 'string' && id.trim()) return { ...value, conversationId: id.trim().replace(/^\{(.*)\}$/, '$1') };
        throw new Error(`The parameter "data" of this tab has no conversationId: found ${text.slice(0, 200)}.`);
      }
      if (typeof value === 'string') {
        text = value;
        continue;
      }
      let decoded;
      try {
        decoded = decodeURIComponent(text.replace(/\+/g, ' '));
      } catch {
        decoded = text;
      }
      if (decoded === text) break;
      text = decoded;
    }
    throw new Error(`The parameter "data" of this tab is no JSON object: expected {"conversationId": "…"}, found ${text.slice(0, 200) || 'nothing'}.`);
  }

  // Once per session each: connected, and then ended. A screen may be shown more than once in a session: each time is one of its own.
  class Milestones {
    constructor() {
      this.running = { cobrowse: null, screen: null };
      this.told = new Set();
    }

    dispatch(name) {
      try {
        window.top.dispatchEvent(new CustomEvent(name, { detail: {} }));
      } catch (error) {
        problem(`Omnichannel could not be told (${name}): this page has to be a web resource of the organisation. ${error.message}`);
      }
    }

    connected(channel, token) {
      const running = this.running[channel];
      if (channel === 'screen' ? running !== null : running === token || this.told.has(token)) return;
      this.ended(channel);
      if (channel === 'cobrowse') this.told.add(token);
      this.running[channel] = token ?? '';
      this.dispatch(MILESTONES[channel].connected);
    }

    ended(channel) {
      if (this.running[channel] === null) return;
      this.running[channel] = null;
      this.dispatch(MILESTONES[channel].ended);
    }

    endAll() {
      for (const channel of Object.keys(MILESTONES)) this.ended(channel);
    }
  }

  // The chat of the conversation, where Omnichannel lets the tab write into it.
  const chat = () => {
    try {
      return window.top.Microsoft?.Omnichannel ?? null;
    } catch {
      return null;
    }
  };

  const agentName = () => {
    if (setting('name')) return setting('name');
    try {
      return window.top.Xrm?.Utility?.getGlobalContext?.().userSettings.userName ?? '';
    } catch {
      return '';
    }
  };

  function open(relay, data) {
    const milestones = new Milestones();
    const frame = document.createElement('iframe');
    frame.title = 'Co-browse';
    frame.allow = 'clipboard-write; fullscreen';
    const send = (message) => frame.contentWindow.postMessage({ type: 'cobrowse', ...message }, relay.origin);
    const hear = {
      ready: () => send({
        command: 'open',
        conversationId: data.conversationId,
        key: setting('key'),
        name: agentName(),
        site: setting('site'),
        channel: CHANNEL,
        hasChat: typeof chat()?.sendMessageToConversation === 'function',
      }),
      connected: ({ token }) => milestones.connected('cobrowse', token),
      ended: () => milestones.ended('cobrowse'),
      'screen-connected': ({ token }) => milestones.connected('screen', token),
      'screen-ended': () => milestones.ended('screen'),
      // Into the box where the agent writes: the agent sends it.
      chat: async ({ text }) => {
        try {
          await chat().sendMessageToConversation(String(text), true, data.conversationId);
          send({ command: 'chatted' });
        } catch (error) {
          send({ command: 'chatted', problem: 'It could not be put into the chat; please copy it. ' + (error?.message ?? error) });
        }
      },
    };
    addEventListener('message', ({ data: message, origin, source }) => {
      if (source !== frame.contentWindow || origin !== relay.origin || message?.type !== 'cobrowse') return;
      if (Object.hasOwn(hear, message.event)) hear[message.event](message);
    });
    // The tab is closed, by whichever way.
    window.onbeforeunload = () => milestones.endAll();
    addEventListener('pagehide', () => milestones.endAll());
    frame.src = new URL('slave.html#embedded=1', relay).href;
    document.body.append(frame);
  }

  try {
    let relay;
    try {
      relay = new URL(setting('relay').replace(/\/?$/, '/'));
    } catch {
      throw new Error(`The web resource does not say where the relay is: expected data-relay="https://relay.example", found "${setting('relay')}".`);
    }
    open(relay, readData(location.search));
  } catch (error) {
    problem(error.message);
  }
})();
