// A controller that does what a test says: a JSON command a line in, a JSON line out for each answer and for all that is told.

import { createInterface } from 'node:readline';
import { makeController } from './controller.mjs';

const out = (line) => process.stdout.write(JSON.stringify(line) + '\n');
let controller;

const DO = {
  async start({ url, transport, ack }) {
    controller = makeController({
      url, transport, ack,
      onMessage: (name, data) => out({ told: name, data }),
      onConnect: (successful) => out({ connect: successful }),
    });
    const { clientId, ext } = await controller.handshake();
    return { clientId, ack: ext?.ack === true, transport: controller.transport };
  },
  say: ({ name, data }) => controller.say(name, data),
  publish: ({ channel, data }) => controller.publish(channel, data),
  subscribe: ({ channel }) => controller.subscribe(channel),
  batch: ({ names }) => controller.batch(names),
  disconnect: () => controller.disconnect(),
  handshakes: async () => controller.handshakes,
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  // Commands may overlap: each has its number.
  DO[command.do](command).then(
    (value) => out({ answer: command.number, value }),
    (error) => out({ answer: command.number, error: error.message }),
  );
}
process.exit(0);
