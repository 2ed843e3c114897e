// The ways by which a screen's video goes to those who watch: a connection to each agent's browser, with the relay as the go-between
// while it is made.

// The most who watch at a time: the browser encodes for each.
const MOST_PEERS = 8;
// What an agent's browser may say: so much at once, so many candidates.
const MOST_CHARS = 32_768;
const MOST_CANDIDATES = 100;

export class Peers {
  // `say(user, what, data)`: `what` is `offer` or `candidate`.
  constructor({ servers, policy, say }) {
    Object.assign(this, { servers, policy, say });
    this.all = new Map(); // agent's number → { peer, id }
    this.made = 0;
  }

  // False where too many watch. A way that there was already is given up.
  async connect(user, stream) {
    this.leave(user);
    if (this.all.size >= MOST_PEERS) return false;
    const id = ++this.made;
    const peer = new RTCPeerConnection({ iceServers: this.servers, iceTransportPolicy: this.policy });
    const entry = { peer, id, heard: 0, early: [] };
    this.all.set(user, entry);
    // It closes with the page, of which nothing else tells the agent's browser in time.
    peer.createDataChannel('life');
    for (const track of stream.getTracks()) peer.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
    peer.onicecandidate = ({ candidate }) => candidate && this.say(user, 'candidate', { id, candidate });
    const offer = await peer.createOffer();
    if (this.all.get(user) !== entry) return true;
    await peer.setLocalDescription(offer);
    this.say(user, 'offer', { id, sdp: offer.sdp });
    return true;
  }

  // What an agent's browser says to an offer, or of a way to it. Throws on what is none of that.
  async heard(user, isAnswer, data) {
    if (data.length > MOST_CHARS) throw new TypeError(`expected at most ${MOST_CHARS} characters, found ${data.length}`);
    const { id, sdp, candidate } = JSON.parse(data);
    const entry = this.all.get(user);
    if (entry?.id !== id) return; // Of a way that was given up.
    const { peer, early } = entry;
    if (isAnswer) {
      if (peer.signalingState !== 'have-local-offer') throw new TypeError('expected one answer to an offer');
      await peer.setRemoteDescription({ type: 'answer', sdp: String(sdp) });
      for (const candidate of early.splice(0)) await peer.addIceCandidate(candidate);
      return;
    }
    if (++entry.heard > MOST_CANDIDATES) throw new TypeError(`expected at most ${MOST_CANDIDATES} candidates`);
    if (peer.remoteDescription) await peer.addIceCandidate(candidate);
    else early.push(candidate);
  }

  leave(user) {
    this.all.get(user)?.peer.close();
    this.all.delete(user);
  }

  close() {
    for (const user of [...this.all.keys()]) this.leave(user);
  }
}
