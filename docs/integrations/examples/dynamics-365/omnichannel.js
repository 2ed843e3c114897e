// What Omnichannel does, for this example: a button of the conversation opens an application tab with the web resource, which gets
// the conversation's id in `data`, and tells its milestones to this window.

const byId = (id) => document.getElementById(id);
const params = new URLSearchParams(location.search);
// Where `cobrowse dynamics365 package --web-resources` has written to.
const RESOURCES = params.get('resources') ?? '/resources/';
const CONVERSATION = params.get('conversation') ?? crypto.randomUUID();

window.example = { conversationId: CONVERSATION, milestones: [], sent: [] };

const line = (text, who) => byId('lines').append(Object.assign(document.createElement('li'), { textContent: text, className: who }));

for (const name of ['CobrowseConnectedEvent', 'CobrowseEndedEvent', 'ScreenShareConnectedEvent', 'ScreenShareEndedEvent']) {
  addEventListener(name, () => {
    window.example.milestones.push(name);
    line(name, 'system');
  });
}

// Omnichannel's own function, by which a tab writes into the conversation.
window.Microsoft = {
  Omnichannel: {
    async sendMessageToConversation(message, toSendBox, conversationId) {
      if (conversationId && conversationId !== CONVERSATION) throw new Error('no such conversation');
      if (toSendBox) byId('box').value = message;
      else send(message);
    },
  },
};
window.Xrm = { Utility: { getGlobalContext: () => ({ userSettings: { userName: 'Anna Berg' } }) } };

function send(text) {
  if (!text) return;
  window.example.sent.push(text);
  line(text, 'agent');
}

byId('send').addEventListener('click', () => {
  send(byId('box').value);
  byId('box').value = '';
});

function open(page, title) {
  close();
  const tab = Object.assign(document.createElement('button'), { type: 'button', id: 'tab', textContent: title + ' ×' });
  tab.setAttribute('role', 'tab');
  tab.addEventListener('click', close);
  byId('tablist').replaceChildren(tab);
  const frame = Object.assign(document.createElement('iframe'), { id: 'resource', title });
  const data = params.get('data') ?? encodeURIComponent(JSON.stringify({ conversationId: CONVERSATION }));
  frame.src = RESOURCES + page + (data ? '?data=' + data : '');
  byId('panel').replaceChildren(frame);
}

// As a browser does it: a frame is asked to leave before it goes.
function close() {
  const frame = byId('resource');
  frame?.contentWindow.dispatchEvent(new Event('beforeunload'));
  frame?.remove();
  byId('tablist').replaceChildren();
}

byId('cobrowse').addEventListener('click', () => open('cobrowse.html', 'Co-browse'));
byId('screen').addEventListener('click', () => open('cobrowse-screen.html', 'Screen sharing'));
