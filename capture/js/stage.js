// Where parts that are fetched on demand put what the customer sees: into the session's overlay, or, where the site shows by itself
// that a session runs, into one that is there for this alone.

// `css` and `words` (by language) are the part's own.
export async function stageOf(session, css, words) {
  const overlay = session.overlay ?? (await (session.stage ??= ownOverlay(session)));
  overlay.attach();
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  overlay.root.adoptedStyleSheets = [...overlay.root.adoptedStyleSheets, sheet];
  const texts = { ...words.en, ...words[overlay.language], ...session.options.words };
  return {
    overlay,
    root: overlay.root,
    // With the agent's name, or, without one, as agents are called otherwise.
    say: (key, who, what = '') => String(texts[key]).replace(/\{(who|what)\}/g, (_, name) => (name === 'what' ? what : who || overlay.say('agent'))),
  };
}

async function ownOverlay(session) {
  const { recorder, live } = session;
  const overlay = await live.Overlay.make(session, recorder.options.part('translations'));
  recorder.ignore(overlay.host);
  session.on('ended', () => overlay.remove());
  session.on('state', (state) => (state === 'elsewhere' ? overlay.remove() : undefined));
  return overlay;
}
