// The customer's page: the chat sends the session's token to the agent, and signals say how the session is.

const $ = (id) => document.getElementById(id);
const chat = new Chat('customer', $('messages'));
const say = (text) => ($('state').textContent = text);

$('say').addEventListener('submit', (event) => {
  event.preventDefault();
  if ($('text').value.trim()) chat.send($('text').value.trim());
  $('text').value = '';
});
$('estimate-again').addEventListener('click', () => {
  $('estimate').textContent = String(58 + 11 * $('move').elements.rooms.selectedIndex);
});

// As pages made for Genesys Co-browse do: set before their script comes.
window._genesys = {
  cobrowse: {
    primaryMedia: {
      initializeAsync: (done) => done(),
      isAgentConnected: () => true,
      // The agent's desktop finds the token in a message of just this form.
      sendCbSessionToken: (token) => chat.send(`{start:${token}}`),
    },
    onReady(api, isTopContext) {
      api.onMaskedElement.add((element) => element.classList.add('kept'));
      if (!isTopContext) return;
      const running = (is) => {
        $('start').hidden = is;
        $('exit').hidden = !is;
      };
      $('start').addEventListener('click', () => {
        say('Asking …');
        api.startSession();
      });
      $('exit').addEventListener('click', () => api.exitSession());
      api.onInitialized.add((session) => {
        document.documentElement.dataset.ready = session ? 'again' : 'new';
      });
      api.onSessionStarted.add(({ token }) => {
        running(true);
        say(`Waiting for the agent (${token})`);
      });
      api.onAgentJoined.add(() => say('The agent sees this page'));
      api.onSessionEnded.add(({ reason, cobrowseReason }) => {
        running(false);
        say(`Not shared any more (${reason}, ${cobrowseReason})`);
      });
    },
  },
};
