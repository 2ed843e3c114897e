// The wasm, as what its glue takes it for: where it lies; or its bytes, on a page from the disk, of which Chromium lets no script
// read a file. A script it does load: that one carries them.

export function wasmOf(base) {
  return base.startsWith('file:') ? carried(base + 'replay-wasm.js') : Promise.resolve(new URL('replay.wasm', base));
}

async function carried(address) {
  const script = document.createElement('script');
  script.src = address;
  await new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${address} is not there; it lies beside replay.js in what \`cargo xtask dist\` makes`));
    document.head.append(script);
  });
  script.remove();
  const text = atob(window.cobrowseReplayWasm);
  delete window.cobrowseReplayWasm;
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
