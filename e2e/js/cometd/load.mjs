// Many sessions at once, each with a controller, a customer and agents who come and go, and a network that is cut now and then: whether
// each controller is told each thing once and in order.
//
//   node load.mjs URL SESSIONS SECONDS [without-acknowledgements]
//
// Writes one line of JSON. Exits with 1 where something was lost, came twice or out of order, or did not come to an end.

import net from 'node:net';
import { WebSocket } from 'ws';
import { makeController } from './controller.mjs';

const [relay, sessions, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const PATIENCE_MS = 45_000;
const until = Date.now() + seconds * 1000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const between = (least, most) => least + Math.random() * (most - least);
const faults = [];
const totals = { sessions: 0, notifications: 0, cuts: 0, swallowed: 0, joins: 0, again: 0, handshakes: 0, transports: { 'long-polling': 0, websocket: 0 }, ends: {} };
const delays = [];

// A way to the relay that can be cut.
async function makeWay() {
  const { hostname, port } = new URL(relay);
  const open = new Set(), backs = new Set();
  const server = net.createServer((near) => {
    const far = net.connect({ host: hostname, port: Number(port) });
    backs.add({ near, far });
    for (const [from, to] of [[near, far], [far, near]]) {
      open.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/cobrowse`,
    cut() {
      open.forEach((socket) => socket.destroy());
      backs.clear();
    },
    // What the relay sends from now on is lost, and it does not know.
    swallow() {
      for (const { near, far } of backs) {
        far.unpipe(near);
        far.resume();
      }
    },
    close() {
      server.close();
      this.cut();
    },
  };
}

// A page of the relay's own: resolves once the relay has let it in.
function page(path, first) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(relay.replace(/^http/, 'ws') + path);
    socket.on('open', () => first && socket.send(first));
    socket.once('message', () => resolve(socket));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the relay has closed ' + path.replace(/\d{9}/, '…'))));
  });
}

async function json(path, options) {
  const response = await fetch(relay + path, options);
  if (!response.ok) throw new Error(`${path.replace(/\d{9}/, '…')}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function wait(what, is) {
  const from = Date.now();
  while (!is()) {
    if (Date.now() - from > PATIENCE_MS) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`);
    await sleep(20);
  }
}

// One session from its creation to its end.
async function session(index, way, transport) {
  const expected = [];
  const heard = [];
  const due = new Map(); // what is expected, and since when
  let connected = false, answer = null, wasCut = false;
  const expect = (line) => {
    expected.push(line);
    if (!wasCut) due.set(line, performance.now());
  };
  const controller = makeController({
    url: way.url, transport, ack: process.argv[5] !== 'without-acknowledgements',
    onMessage(name, data) {
      if (name === 'join') answer = data;
      if (!['joined', 'activated', 'deactivated'].includes(name)) return;
      const line = name === 'joined' ? `joined ${data.role} ${data.name}` : name === 'deactivated' ? `deactivated ${data.reason}` : name;
      heard.push(line);
      if (due.has(line)) delays.push(performance.now() - due.get(line));
      due.delete(line);
    },
    onConnect: (successful) => (connected = successful),
  });
  const { sessionToken: token, secret } = await json('/cobrowse/rest/live/sessions', { method: 'POST' });
  const { sessionToken } = await json('/cobrowse/rest/live/sessions/' + token);
  if (sessionToken !== token) throw new Error('GET names another session');
  await controller.handshake();
  if (controller.transport !== transport) throw new Error(`${controller.transport} instead of ${transport}`);
  await controller.say('join', { sessionToken: token, role: 3, name: 'desk ' + index });
  await wait('the answer to join', () => answer);

  const customerPage = () => page(`/ws/customer?token=${token}`, JSON.stringify({ secret }));
  let count = 0;
  const join = async () => {
    const name = `${index}-${++count}`;
    const agent = await page(`/ws/agent?token=${token}&name=${name}`);
    expect(`joined 2 ${name}`);
    totals.joins++;
    return agent;
  };
  let customer = await customerPage();
  expect('joined 1 ');
  let agents = [await join()];
  expect('activated');

  const over = Math.min(until, Date.now() + between(0.2, 0.8) * seconds * 1000);
  while (Date.now() < over) {
    await sleep(between(200, 2500));
    const dice = Math.random();
    if (dice < 0.45 && agents.length < 8) agents.push(await join());
    else if (dice < 0.7 && agents.length > 1) agents.shift().terminate();
    else if (dice < 0.8) {
      // The customer goes on to another page: nobody is told that they came a second time.
      customer.terminate();
      customer = await customerPage();
    } else {
      wasCut = true;
      connected = false;
      totals.cuts++;
      if (Math.random() < 0.5) {
        totals.swallowed++;
        way.swallow();
        if (agents.length < 8) agents.push(await join());
        await sleep(between(20, 300));
      }
      way.cut();
      // While there is no network, too, somebody comes.
      if (Math.random() < 0.6) agents.push(await join());
      await wait('the way back', () => connected);
      wasCut = false;
    }
  }
  // What was told before is there before the end is asked for: not so for half of them.
  if (Math.random() < 0.5) await wait('what was told', () => heard.length >= expected.length);
  const end = ['stop', 'rest', 'closed', 'customer'][index % 4];
  totals.ends[end] = (totals.ends[end] ?? 0) + 1;
  const { userToken } = answer;
  if (end === 'stop' || end === 'closed') {
    const reason = end === 'closed' ? 'closed' : undefined;
    expect(`deactivated ${reason ?? 'controller'}`);
    // What the network has lost a desktop says again; it may have arrived all the same.
    for (let tries = 0; ; tries++) {
      const reply = await controller.say('stop', { userToken, reason });
      if (reply.successful || (tries > 0 && /^404/.test(reply.error))) break;
      if (!reply.failure || tries === 3) throw new Error('stop: ' + JSON.stringify(reply));
      totals.again++;
    }
  } else if (end === 'rest') {
    expect('deactivated controller');
    await json(`/cobrowse/rest/live/users/${userToken}/session/stop`);
  } else {
    expect('deactivated customer');
    await fetch(`${relay}/api/sessions/${token}`, { method: 'DELETE', headers: { authorization: 'Bearer ' + secret } });
  }
  await wait('the end', () => heard.some((line) => line.startsWith('deactivated')));
  await sleep(200);
  for (const socket of [customer, ...agents]) socket.terminate();
  totals.sessions++;
  totals.notifications += heard.length;
  totals.handshakes += controller.handshakes;
  totals.transports[transport]++;
  if (controller.handshakes !== 1) faults.push(`session ${index}: ${controller.handshakes} handshakes`);
  if (heard.join('\n') !== expected.join('\n')) {
    const [lost, twice] = [expected.filter((line) => !heard.includes(line)), heard.filter((line, at) => heard.indexOf(line) !== at)];
    faults.push(`session ${index} (${transport}): lost ${JSON.stringify(lost)}, twice ${JSON.stringify(twice)}, heard ${JSON.stringify(heard)}`);
  }
  await controller.disconnect();
}

// One place after the other is taken again as soon as its session is over, so that there are always as many.
async function place(index) {
  const way = await makeWay();
  const transport = index % 2 ? 'websocket' : 'long-polling';
  await sleep(between(0, Math.min(5000, seconds * 200)));
  for (let round = 0; round === 0 || until - Date.now() > 5000; round++) {
    try {
      await session(index + round * sessions, way, transport);
    } catch (error) {
      faults.push(`session ${index + round * sessions} (${transport}): ${error.message}`);
      break;
    }
  }
  way.close();
}

await Promise.all(Array.from({ length: sessions }, (_, index) => place(index)));
delays.sort((a, b) => a - b);
const share = (part) => Number((delays[Math.floor(delays.length * part)] ?? 0).toFixed(1));
const result = { ...totals, atOnce: sessions, seconds, msMedian: share(0.5), ms99: share(0.99), msMost: share(0.99999), faults: faults.length };
console.log(JSON.stringify(result));
for (const fault of faults.slice(0, 20)) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);
