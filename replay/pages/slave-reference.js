// The session that another system knows by a name of its own: LivePerson by an offer's service id, others by a conversation's.
// The relay is asked until the customer has agreed to it.

// As long as the relay lets a request wait, in seconds.
const WAIT_SECONDS = 25;
// What passes by itself is tried again.
const RETRY_MS = 3000;

window.cobrowseReference = {
  // Resolves to the session's nine digits; rejects where there can be none.
  async find(relay, reference) {
    const url = new URL(`api/references/${encodeURIComponent(reference)}?wait=${WAIT_SECONDS}`, new URL(relay.replace(/\/?$/, '/'), location.href));
    for (;;) {
      const answer = await fetch(url, { cache: 'no-store', credentials: 'omit' }).catch(() => null);
      const said = await answer?.json().catch(() => null);
      if (answer?.ok) return said.token;
      if (answer?.status === 400) throw new Error(said?.error ?? 'The relay does not know what to look for.');
      if (answer?.status === 404) continue;
      const seconds = Number(answer?.headers.get('retry-after'));
      await new Promise((resolve) => setTimeout(resolve, seconds > 0 ? seconds * 1000 : RETRY_MS));
    }
  },
};
