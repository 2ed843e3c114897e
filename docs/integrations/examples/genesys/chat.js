// A stand-in for a chat: what is said in one tab of the browser is heard in the others. A real one has a server.

class Chat {
  #channel = new BroadcastChannel('genesys-example');

  constructor(who, list) {
    this.who = who;
    this.list = list;
    this.onMessage = () => {};
    this.#channel.onmessage = ({ data }) => this.hear(data.who, data.text);
  }

  send(text) {
    this.#show(this.who, text);
    this.#channel.postMessage({ who: this.who, text });
  }

  hear(who, text) {
    this.#show(who, text);
    this.onMessage(text);
  }

  #show(who, text) {
    const item = document.createElement('li');
    item.className = who === this.who ? 'own' : 'other';
    // A token is for machines.
    item.textContent = /^\{start:\d{9}\}$/.test(text) ? 'wants to show the screen' : text;
    item.dataset.text = text;
    this.list.append(item);
    item.scrollIntoView({ block: 'nearest' });
  }
}
