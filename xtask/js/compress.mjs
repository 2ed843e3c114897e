// Compresses a file ahead of serving: `node compress.mjs FILE OUTPUT` writes OUTPUT.br and OUTPUT.gz.
// Node brings both formats with it, so the build needs no compressor of its own.

import { readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [file, output] = process.argv.slice(2);
const bytes = readFileSync(file);
const params = {
  [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
  [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
};

writeFileSync(`${output}.br`, brotliCompressSync(bytes, { params }));
writeFileSync(`${output}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
