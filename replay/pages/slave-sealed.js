// Sealed sessions on the agent's page (docs/security.md): the key in this page's address (`key`, behind `#`, which no browser sends to
// anybody), the code that the customer reads out, and that the session is sealed. `sealed=1` joins sealed sessions only.

{
  const byId = (id) => document.getElementById(id);
  const params = new URLSearchParams(location.hash.slice(1));
  let player = null;

  // It is read once: neither the history of the browser nor who looks at the screen is to have it.
  const taken = (params) => {
    const key = params.get('key');
    if (key === null) return undefined;
    params.delete('key');
    history.replaceState(null, '', '#' + params);
    return key;
  };
  let key = taken(params);

  function show() {
    const state = player?.sealed;
    byId('code-form').hidden = state !== 'code';
    byId('sealed').hidden = state !== 'sealed';
    if (state === 'code') byId('code').focus();
  }

  byId('code-form').addEventListener('submit', (event) => {
    event.preventDefault();
    try {
      player?.offerCode(byId('code').value);
      byId('code').value = '';
      byId('code-problem').textContent = '';
    } catch (error) {
      byId('code-problem').textContent = error.message.replace(/^cobrowse: expected/, 'Expected');
    }
    show();
  });

  addEventListener('hashchange', () => (key = taken(new URLSearchParams(location.hash.slice(1))) ?? key), { capture: true });

  window.cobrowseSealed = {
    // What a session is joined with.
    options: () => ({ key, sealed: params.get('sealed') === '1' || key !== undefined }),
    attach(joined) {
      player = joined;
      player.on('sealed', ({ state, text }) => {
        if (state === 'code') byId('code-problem').textContent = text;
        show();
      });
      show();
    },
    detach() {
      player = null;
      key = undefined;
      show();
    },
    // What the agent is waiting for, if it is that.
    matter: () => (player?.sealed === 'code' ? 'Waiting for the customer’s code …' : player?.sealed === 'waiting' ? 'Sealing …' : null),
  };
}
