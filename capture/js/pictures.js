// What a picture's bytes say of themselves: which kind it is and how large, before a browser makes pixels of it.

const text = (bytes, from, to) => String.fromCharCode(...bytes.subarray(from, to));

// `{ type, width, height }`, or null for what is no JPG, PNG or GIF.
export function lookAt(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text(bytes, 0, 8) === '\x89PNG\r\n\x1a\n') {
    if (bytes.length < 24 || text(bytes, 12, 16) !== 'IHDR') return null;
    return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (/^GIF8[79]a$/.test(text(bytes, 0, 6))) {
    return bytes.length < 10 ? null : { type: 'image/gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  return bytes[0] === 0xff && bytes[1] === 0xd8 ? lookAtJpeg(bytes, view) : null;
}

// Segment by segment up to the one that tells the size.
function lookAtJpeg(bytes, view) {
  for (let at = 2; at + 9 < bytes.length; ) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1];
    if (marker === 0xff) at++; // Filled up.
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { type: 'image/jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    } else if (marker === 0xda || marker === 0xd9) return null;
    else at += 2 + view.getUint16(at + 2);
  }
  return null;
}
