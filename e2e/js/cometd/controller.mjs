// A controller: CometD's own client from npm, as a desktop would use it.

import { adapt } from 'cometd-nodejs-client';
import { AckExtension, CometD } from 'cometd';

adapt();

const SERVICE = '/service/session/';
const TOLD = ['create', 'join', 'exit', 'stop', 'joined', 'activated', 'deactivated'];

/** `url` is that of the relay with `/cobrowse`. `onMessage(name, data)` gets what comes on the channels of a session, `onConnect(successful,
 *  reply)` each answer to a connect. */
export function makeController({ url, transport, ack, onMessage, onConnect = () => {} }) {
  const cometd = new CometD();
  for (const name of ['websocket', 'long-polling', 'callback-polling']) if (name !== transport) cometd.unregisterTransport(name);
  if (ack) cometd.registerExtension('ack', new AckExtension());
  cometd.configure({ url: `${url}/cometd`, logLevel: 'none', backoffIncrement: 250, maxBackoff: 1000 });
  for (const name of TOLD) cometd.addListener(SERVICE + name, ({ data }) => onMessage(name, data));
  let handshakes = 0;
  cometd.addListener('/meta/handshake', ({ successful }) => (handshakes += successful ? 1 : 0));
  cometd.addListener('/meta/connect', (reply) => onConnect(reply.successful, reply));

  const controller = {
    get handshakes() { return handshakes; },
    get clientId() { return cometd.getClientId(); },
    get transport() { return cometd.getTransport()?.type; },
    handshake: () => new Promise((resolve, reject) => {
      cometd.handshake((reply) => (reply.successful ? resolve(reply) : reject(new Error(`handshake: ${JSON.stringify(reply)}`))));
    }),
    /** Resolves to the server's answer to the message, whatever it is; what is told on the channel comes to `onMessage`. */
    say: (name, data) => new Promise((resolve) => cometd.publish(SERVICE + name, data, resolve)),
    publish: (channel, data) => new Promise((resolve) => cometd.publish(channel, data, resolve)),
    subscribe: (channel) => new Promise((resolve) => cometd.subscribe(channel, () => {}, resolve)),
    /** Several messages in one. */
    batch(names) {
      cometd.startBatch();
      const answers = names.map(([name, data]) => controller.say(name, data));
      cometd.endBatch();
      return Promise.all(answers);
    },
    disconnect: () => new Promise((resolve) => cometd.disconnect(resolve)),
  };
  return controller;
}
