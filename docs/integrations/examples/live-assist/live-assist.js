// The tag: what a page of the site has in it to be part of a session. It fetches capture.js from the relay, and answers the invitations
// that come through the chat. The relay's address is given once, as `index.html?relay=https://relay.example`.

(() => {
  const given = new URLSearchParams(location.search).get('relay');
  if (given) localStorage.setItem('live-assist-relay', given);
  const relay = localStorage.getItem('live-assist-relay') ?? 'http://127.0.0.1:8080';

  const script = document.createElement('script');
  script.src = relay.replace(/\/?$/, '/') + 'capture.js';
  const loaded = new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error(script.src + ' could not be loaded'));
  });
  document.head.append(script);

  // "/co-browse NAME" invites to share the page, "/screen NAME" to show the screen: the customer is asked by the engine's own question.
  Chat.on((text) => {
    const [, what, name] = /^\/(co-browse|screen) (.+)$/.exec(text) ?? [];
    if (!what) return false;
    Chat.write(`${name} invites you to ${what === 'screen' ? 'show your screen' : 'look at this page together'}.`, false);
    begin(what, name);
    return true;
  });

  async function begin(what, name) {
    try {
      await loaded;
      const session = await Cobrowse.start({ relay, words: { agent: name }, ...(what === 'screen' ? { screen: 'only' } : {}) });
      Chat.say(`/session ${session.token}`);
    } catch (error) {
      Chat.say(`/declined ${error.message}`);
    }
  }
})();
