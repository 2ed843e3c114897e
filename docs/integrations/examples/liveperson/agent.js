// What LivePerson's agent workspace and its servers do, for this example: an invitation is metadata of a dialog of its own, and the
// agent's page of the relay is opened for its service id.

const CONSUMER = 'cc05f2b9-916b-496e-89fe-66a46d975ae2', AGENT = 'le83624296.356285412';
const byId = (id) => document.getElementById(id);
const cloud = new BroadcastChannel('liveperson-example');
let dialog = null;

const notify = () => {
  const notification = {
    kind: 'notification',
    type: 'cqm.ExConversationChangeNotification',
    body: {
      changes: [{
        type: 'UPSERT',
        result: {
          convId: 'example',
          conversationDetails: {
            participants: [{ id: CONSUMER, role: 'CONSUMER' }, { id: AGENT, role: 'ASSIGNED_AGENT' }],
            dialogs: [{ dialogId: 'example', dialogType: 'MAIN', channelType: 'MESSAGING', state: 'OPEN' }, dialog],
          },
        },
      }],
    },
  };
  window.example.sent.push(notification);
  cloud.postMessage({ notification });
};

window.example = {
  sent: [],
  // What the customer's page has published.
  receive({ name, data }) {
    if (data.serviceId !== dialog?.metaData.serviceId) return;
    if (name === 'cobrowseAccepted') {
      dialog.metaData.sessionState = 'ACCEPTED';
      byId('state').textContent = 'Accepted';
      notify();
    }
    if (name === 'cobrowseDeclined') {
      byId('state').textContent = 'Declined';
      close();
    }
  },
};
cloud.onmessage = ({ data }) => data.name && window.example.receive(data);

function invite(mode) {
  const now = Date.now();
  dialog = {
    dialogId: crypto.randomUUID(),
    participants: [CONSUMER, AGENT],
    dialogType: 'OTHER',
    channelType: 'COBROWSE',
    metaData: { serviceId: `${CONSUMER}#${crypto.randomUUID()}`, mode, expires: now / 1000 + 120, sessionState: 'INVITED', role: 'visitor' },
    state: 'OPEN',
    creationTs: now,
    metaDataLastUpdateTs: now,
  };
  byId('state').textContent = `Invited (${mode})`;
  byId('close').disabled = false;
  // The agent's page waits there until the customer has agreed.
  const view = Object.assign(document.createElement('iframe'), { id: 'view', title: 'The customer’s page' });
  view.src = '/slave.html#nosidinput=1&name=Anna&reference=' + encodeURIComponent(dialog.metaData.serviceId);
  byId('view').replaceWith(view);
  notify();
}

function close() {
  byId('close').disabled = true;
  const { dialogId, dialogType, channelType } = dialog;
  dialog = { dialogId, dialogType, channelType, metaData: { sessionState: 'CLOSED' } };
  notify();
}

for (const button of document.querySelectorAll('[data-mode]')) button.addEventListener('click', () => invite(button.dataset.mode));
byId('close').addEventListener('click', () => {
  byId('state').textContent = 'Ended';
  close();
});
