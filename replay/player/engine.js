// `replay.js`, which rebuilds the page. It lies beside this script, and is loaded by the first player that opens something.

const script = document.currentScript;
const base = new URL('.', script ? script.src : location.href).href;

let loading;

export function engine() {
  if (window.CobrowseReplay) return Promise.resolve(window.CobrowseReplay);
  return (loading ??= load().catch((error) => {
    loading = undefined;
    throw error;
  }));
}

async function load() {
  const address = base + 'replay.js';
  const element = document.createElement('script');
  element.src = address;
  await new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = () => reject(new Error(`cobrowse: ${address} could not be loaded; it lies beside player.js in what \`cargo xtask dist\` makes`));
    document.head.append(element);
  });
  element.remove();
  return window.CobrowseReplay;
}
