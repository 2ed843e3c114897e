// The chat of this example, in the place of the site's own: whatever hands a text from one side to the other will do. Here that is a
// channel between the tabs of one browser. `Chat.carry(text)` is for who brings texts by another way; `Chat.sent` is what was said here.

const Chat = (() => {
  const channel = new BroadcastChannel('live-assist-example');
  const sent = [];
  const listeners = [];
  const write = (text, isOwn) => {
    const line = document.createElement('li');
    line.textContent = text;
    line.className = isOwn ? 'own' : '';
    document.getElementById('chat')?.append(line);
  };
  const carry = (text) => {
    for (const listener of listeners) if (listener(text)) return;
    write(text, false);
  };
  channel.onmessage = ({ data }) => carry(String(data));
  return {
    sent,
    carry,
    write,
    // `listener(text)` returns whether the text was for it, and not for people.
    on: (listener) => listeners.push(listener),
    say(text) {
      sent.push(text);
      channel.postMessage(text);
    },
  };
})();
