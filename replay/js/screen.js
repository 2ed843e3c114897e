// The customer's screen, as a video from browser to browser; what the relay hands on is only how they find each other.

// Numbers of protocol/src/control.rs.
const ASK = { FOR_IT: 0, END: 1, ANSWER: 2, CANDIDATE: 3, AGAIN: 4 };
const SAID = { OFF: 0, ASKED: 1, DECLINED: 2, SHOWN: 3, PAUSED: 4, FULL: 5, OFFER: 6, CANDIDATE: 7, ONLY: 8 };
// How long a way that broke may take to be made anew, and one to be found at all.
const GAP_MS = 6000;
const CONNECT_MS = 30_000;
const ICE_MS = 5000;

export class ScreenView {
  constructor(view) {
    this.view = view;
    this.state = 'off';
    this.only = false; // there is nothing else to see in this session
    this.work = Promise.resolve();
    this.handle = Object.freeze({
      get state() { return view.screen.state; },
      get only() { return view.screen.only; },
      get video() { return view.screen.video ?? null; },
      get inFront() { return view.screen.inFront; },
      set inFront(inFront) { view.screen.bringForward(inFront); },
      request: () => view.screen.request(),
      end: () => view.screen.say(ASK.END),
      retry: () => view.screen.retry(),
    });
  }

  say(step, data = '') {
    this.view.input.say('Screen', step, data);
  }

  request() {
    if (!this.view.link) throw new Error('cobrowse: the screen is shown over a relay only');
    this.say(ASK.FOR_IT);
  }

  retry() {
    this.become('connecting');
    this.say(ASK.AGAIN);
  }

  become(state, reason) {
    clearTimeout(this.timer);
    if (state === 'connecting') this.timer = setTimeout(() => this.fail('route'), CONNECT_MS);
    if (state === this.state && reason === this.reason) return;
    const had = this.isConnected;
    if (state === 'shown') this.isConnected = true;
    if (state === 'ended' || state === 'off' || state === 'failed') this.isConnected = false;
    Object.assign(this, { state, reason });
    this.view.emit('screen', { state, reason, only: this.only });
    if (this.isConnected && !had) this.view.emit('screen-connected');
    if (had && !this.isConnected) this.view.emit('screen-ended');
  }

  heard(step, data) {
    switch (step) {
      case SAID.ONLY:
        if (this.only) break;
        this.only = true;
        this.view.emit('screen', { state: this.state, only: true });
        break;
      case SAID.ASKED:
        this.become('asking');
        break;
      case SAID.DECLINED:
        this.become('declined', data || 'customer');
        break;
      case SAID.OFF:
        this.close();
        this.become(this.state === 'off' ? 'off' : 'ended');
        break;
      case SAID.FULL:
        this.become('failed', 'full');
        break;
      case SAID.PAUSED:
      case SAID.SHOWN:
        this.isPaused = step === SAID.PAUSED;
        if (this.isConnected) this.become(this.isPaused ? 'paused' : 'shown');
        else if (this.state !== 'failed') this.become('connecting');
        break;
      case SAID.OFFER:
      case SAID.CANDIDATE:
        this.work = this.work.then(() => (step === SAID.OFFER ? this.offered(data) : this.found(data))).catch((error) => {
          this.view.emit('error', new Error('cobrowse: screen: ' + error.message));
          this.fail('broken');
        });
    }
  }

  async offered(data) {
    const { id, sdp } = JSON.parse(data);
    this.peer?.close();
    const { iceServers, iceTransportPolicy = 'all' } = this.view.options;
    const servers = iceServers ?? (await this.servers());
    if (this.isOver) return;
    const peer = new RTCPeerConnection({ iceServers: servers, iceTransportPolicy });
    Object.assign(this, { peer, id });
    if (!this.isConnected) this.become('connecting');
    peer.onicecandidate = ({ candidate }) => candidate && this.peer === peer && this.say(ASK.CANDIDATE, JSON.stringify({ id, candidate }));
    peer.ontrack = ({ track }) => this.show(peer, track);
    // It closes with the customer's page, or when the way is made anew.
    peer.ondatachannel = ({ channel }) => (channel.onclose = () => this.lost(peer));
    peer.onconnectionstatechange = () => {
      if (this.peer !== peer) return;
      if (peer.connectionState !== 'failed') return;
      // Where there was a way, there may be another: networks change.
      if (this.isConnected) this.retry();
      else this.fail('route');
    };
    try {
      await peer.setRemoteDescription({ type: 'offer', sdp });
      const answer = await peer.createAnswer();
      await peer.setLocalDescription(answer);
      if (this.peer === peer) this.say(ASK.ANSWER, JSON.stringify({ id, sdp: answer.sdp }));
    } catch (error) {
      if (this.peer === peer) throw error; // It was closed meanwhile.
    }
  }

  async found(data) {
    const { id, candidate } = JSON.parse(data);
    if (this.peer && id === this.id) await this.peer.addIceCandidate(candidate);
  }

  async servers() {
    const { link } = this.view;
    try {
      const response = await fetch(new URL(`api/sessions/${link.token}/ice`, link.relay), { cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout?.(ICE_MS) });
      const { iceServers } = await response.json();
      return Array.isArray(iceServers) ? iceServers : [];
    } catch {
      return []; // They try without.
    }
  }

  show(peer, track) {
    if (this.peer !== peer) return;
    const { stage } = this.view;
    if (!this.video) {
      this.video = document.createElement('video');
      Object.assign(this.video, { muted: true, autoplay: true, playsInline: true, disablePictureInPicture: true });
      this.video.setAttribute('aria-label', 'The customer’s screen');
      // Above the page and what the agent does to it: a screen is only looked at.
      Object.assign(this.video.style, { position: 'absolute', inset: '0', width: '100%', height: '100%', objectFit: 'contain', background: '#10151f', zIndex: '3', display: 'none' });
      stage.append(this.video);
    }
    const { video } = this;
    video.srcObject = new MediaStream([track]);
    // It is there when there is a picture of it.
    video.onloadeddata = () => {
      if (this.peer !== peer) return;
      if (!this.isConnected) this.bringForward(true);
      this.become(this.isPaused ? 'paused' : 'shown');
    };
    video.play().catch(() => undefined);
  }

  // In front of the page, or behind it.
  bringForward(inFront) {
    this.inFront = Boolean(inFront) && Boolean(this.video);
    if (this.video) this.video.style.display = this.inFront ? 'block' : 'none';
  }

  fail(reason) {
    this.close();
    this.become('failed', reason);
  }

  // The way is gone. Where it is made anew the customer's page says so soon.
  lost(peer) {
    if (this.peer !== peer) return;
    clearTimeout(this.gap);
    this.gap = setTimeout(() => {
      if (this.peer !== peer) return;
      this.close();
      this.become('ended');
    }, GAP_MS);
  }

  close() {
    clearTimeout(this.gap);
    this.peer?.close();
    this.peer = null;
    this.video?.remove();
    this.video = undefined;
    this.inFront = false;
  }

  // The session is over, or the player gone.
  stop() {
    this.isOver = true;
    const wasThere = this.state !== 'off' && this.state !== 'ended';
    this.close();
    clearTimeout(this.timer);
    if (wasThere) this.become('ended');
  }
}
