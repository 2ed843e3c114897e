// An agent's desktop: it finds the token in the chat, joins the session as its controller, shows the agent's page, and attaches the data
// that an interaction needs.

const $ = (id) => document.getElementById(id);
const params = new URLSearchParams(location.hash.slice(1));
const SERVER = params.get('server') ?? location.origin + '/cobrowse';
// Where a proxy of the desktop's own has the agent's page; `slave.html` stays in its address.
const PAGES = params.get('pages') ?? undefined;

const chat = new Chat('agent', $('messages'));
let controller = null;
let attached = {};

const say = (text) => ($('state').textContent = text);

function tell(name, detail) {
  const item = document.createElement('li');
  item.textContent = `${name} ${JSON.stringify(detail)}`;
  item.dataset.name = name;
  $('told').append(item);
}

function show(data) {
  attached = data;
  $('data').replaceChildren(...Object.entries(data).flatMap(([name, value]) => [
    Object.assign(document.createElement('dt'), { textContent: name }),
    Object.assign(document.createElement('dd'), { textContent: value }),
  ]));
}

function running(is) {
  for (const button of document.querySelectorAll('[data-end]')) button.disabled = !is;
}

async function join(token) {
  controller = new CobrowseController({ url: SERVER, name: 'Desktop', data: attached });
  window.controller = controller;
  controller.on('attach', () => show(controller.attachedData()));
  controller.on('joined', (user) => tell('joined', user));
  controller.on('activated', (times) => {
    tell('activated', times);
    say('Co-browsing');
  });
  controller.on('deactivated', (end) => {
    tell('deactivated', end);
    say(`The session is over (${end.reason})`);
    running(false);
  });
  controller.on('connection', (state) => state === 'closed' && say('The server is not to be reached; trying again …'));
  say('Joining …');
  try {
    await controller.join(token);
    running(true);
    // The page is opened when the controller is there: it is told of everything from the beginning.
    $('agent').src = controller.agentPage({ base: PAGES, name: 'Ann' });
  } catch (error) {
    say(error.message);
  }
}

chat.onMessage = (text) => {
  const token = CobrowseController.tokenOf(text);
  if (token) join(token);
};
$('say').addEventListener('submit', (event) => {
  event.preventDefault();
  if ($('text').value.trim()) chat.send($('text').value.trim());
  $('text').value = '';
});
for (const button of document.querySelectorAll('[data-end]')) {
  button.addEventListener('click', () => controller.stop(button.dataset.end).catch((error) => say(error.message)));
}
