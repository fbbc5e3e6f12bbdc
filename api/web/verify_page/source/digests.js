// SHA-256 and SM3 by hash-wasm, which works on pieces: no browser digests a stream by itself.
import { toHex } from "./bytes.js";

const { hashwasm } = globalThis;
const PIECE_BYTES = 4 * 1024 ** 2;
const ready = {};

export async function prepareDigests() {
  ready.whole ??= await hashwasm.createSHA256();
  ready.long ??= await hashwasm.createSHA512();
}

export function sha256(...parts) {
  ready.whole.init();
  for (const part of parts) ready.whole.update(part);
  return ready.whole.digest("binary");
}

export function sha512(bytes) {
  return ready.long.init().update(bytes).digest("binary");
}

/** Both digests of what is fed to it, and how many bytes that was. */
export class Digester {
  static async create() {
    const made = new Digester();
    made.sha256 = await hashwasm.createSHA256();
    made.sm3 = await hashwasm.createSM3();
    return made.begin();
  }

  begin() {
    this.size = 0;
    this.sha256.init();
    this.sm3.init();
    return this;
  }

  feed(bytes) {
    this.size += bytes.length;
    this.sha256.update(bytes);
    this.sm3.update(bytes);
  }

  end() {
    return { size: this.size, sha256: this.sha256.digest("hex"), sm3: this.sm3.digest("hex") };
  }
}

/** Reads a file piece by piece, the next one while the last is digested; never more than these two are in memory. */
export async function* piecesOf(blob) {
  const read = (start) => blob.slice(start, start + PIECE_BYTES).arrayBuffer();
  let coming = read(0);
  for (let start = 0; start < blob.size; start += PIECE_BYTES) {
    const piece = new Uint8Array(await coming);
    coming = read(start + PIECE_BYTES);
    coming.catch(() => {}); // heard when it is waited for; nobody waits when the run is stopped
    yield piece;
  }
}

export function sha256Hex(...parts) {
  return toHex(sha256(...parts));
}
