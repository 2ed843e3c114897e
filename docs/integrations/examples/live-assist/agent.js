// The agent's desktop: a chat beside the agent's page of the relay. Parameters: `relay`, and `name`, the agent's.

const params = new URLSearchParams(location.search);
const relay = params.get('relay') ?? 'http://127.0.0.1:8080';
const name = params.get('name') ?? 'Ada';
const invite = (what) => {
  Chat.say(`/${what} ${name}`);
  Chat.write('The customer is invited.', true);
};

document.getElementById('invite').addEventListener('click', () => invite('co-browse'));
document.getElementById('screen').addEventListener('click', () => invite('screen'));

Chat.on((text) => {
  const [, token] = /^\/session (\d{9})$/.exec(text) ?? [];
  const [, why] = /^\/declined (.+)$/.exec(text) ?? [];
  if (why) Chat.write('No session: ' + why.replace(/^cobrowse: /, ''), false);
  if (!token) return Boolean(why);
  Chat.write('The customer has accepted.', false);
  const page = new URL('slave.html', relay.replace(/\/?$/, '/'));
  page.hash = new URLSearchParams({ nosidinput: 1, sid: token, name, relay });
  const view = document.getElementById('view');
  // Two addresses that differ behind the `#` only are one page.
  view.src = 'about:blank';
  view.onload = () => {
    view.onload = null;
    view.src = page;
  };
  return true;
});
