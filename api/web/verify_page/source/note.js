// Signed notes, verifier keys, checkpoints, lines of witnesses and changes of keys: docs/formats/checkpoint.md, C2SP signed-note, tlog-cosignature.
// Ed25519 by @noble/ed25519: a browser's own is missing in those of before 2025, and everywhere when the page came by plain http.
import { decodeText, encodeText, fromBase64, isEqual, join, toHex } from "./bytes.js";
import { sha256, sha512 } from "./digests.js";
import { demand } from "./faults.js";

const { ed25519 } = globalThis;
const LOG_KEY = 1;
const WITNESS_KEY = 4;
const MOST_CHARACTERS = 65536;
const MOST_LINES = 100;
const LATEST_SECOND = 253402300799n;
const DASH = "\u2014 ";
const NAME = /^[^\s+\p{Cc}]{1,255}$/u;
const DECIMAL = /^(?:0|[1-9][0-9]{0,18})$/;
const CONTROL = /[\x00-\x09\x0b-\x1f]/;
const TRANSITION = "bodycam.log-key-transition/1";

export function parseKey(line, kind) {
  const spelled = line.trim();
  const [name, id, ...rest] = spelled.split("+");
  demand(NAME.test(name) && rest.length > 0, "key.damaged");
  const raw = fromBase64(rest.join("+"));
  demand(raw.length === 33, "key.damaged");
  demand(raw[0] === (kind === "log" ? LOG_KEY : WITNESS_KEY), kind === "log" ? "key.not_log" : "key.not_witness");
  const keyId = sha256(encodeText(`${name}\n`), raw).slice(0, 4);
  demand(id === toHex(keyId), "key.id");
  return { name, algorithm: raw[0], publicKey: raw.slice(1), keyId, spelled };
}

/** Text and signatures of a note; nothing about it has been checked then. */
export function parseNote(bytes) {
  const note = decodeText(bytes);
  demand([...note].length <= MOST_CHARACTERS, "note.damaged");
  const at = note.lastIndexOf("\n\n");
  demand(at > 0 && note.endsWith("\n"), "note.damaged");
  const body = note.slice(0, at + 1);
  const lines = note.slice(at + 2, -1).split("\n");
  demand(!CONTROL.test(note) && !body.startsWith("\n") && lines.length <= MOST_LINES, "note.damaged");
  return { text: body, lines: lines.map(parseLine) };
}

function parseLine(line) {
  const [dash, name, encoded, ...rest] = line.split(" ");
  demand(`${dash} ` === DASH && NAME.test(name ?? "") && encoded && rest.length === 0, "note.line");
  const raw = fromBase64(encoded);
  demand(raw.length > 4, "note.line");
  return { name, keyId: raw.slice(0, 4), signature: raw.slice(4) };
}

/** Checks the lines of known keys, and gives those keys; a wrong line of a known key is a fault, an unknown line is passed over. */
export function checkLines(note, keys) {
  const signed = [];
  for (const line of note.lines) {
    const key = keys.find((one) => one.name === line.name && isEqual(one.keyId, line.keyId));
    if (key) signed.push({ key, at: checkLine(line, key, encodeText(note.text)) });
  }
  return signed;
}

function checkLine(line, key, message) {
  const isWitness = key.algorithm === WITNESS_KEY;
  const skip = isWitness ? 8 : 0;
  demand(line.signature.length === 64 + skip, "note.signature", { name: key.name });
  let [signed, seconds] = [message, null];
  if (isWitness) {
    seconds = new DataView(line.signature.buffer, line.signature.byteOffset).getBigUint64(0);
    demand(seconds <= LATEST_SECOND, "note.signature", { name: key.name });
    signed = join(encodeText(`cosignature/v1\ntime ${seconds}\n`), message);
  }
  demand(isSigned(key.publicKey, line.signature.slice(skip), signed), "note.signature", { name: key.name });
  return seconds === null ? null : new Date(Number(seconds) * 1000);
}

function isSigned(publicKey, signature, message) {
  ed25519.hashes.sha512 = sha512;
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

export function parseCheckpoint(text) {
  const lines = text.slice(0, -1).split("\n");
  demand(text.endsWith("\n") && !CONTROL.test(text) && lines.length >= 3 && lines.every((line) => line !== ""), "checkpoint.damaged");
  demand(NAME.test(lines[0]) && DECIMAL.test(lines[1]), "checkpoint.damaged");
  const root = fromBase64(lines[2]);
  demand(root.length === 32, "checkpoint.damaged");
  return { text, origin: lines[0], size: BigInt(lines[1]), root };
}

/** A checkpoint that one of the log's keys signed; each key counts up to the size it was retired at. */
export function openCheckpoint(bytes, logKeys) {
  const note = parseNote(bytes);
  const checkpoint = parseCheckpoint(note.text);
  const signed = checkLines(note, logKeys)
    .map((line) => line.key)
    .filter((key) => key.name === checkpoint.origin);
  demand(signed.length > 0, "note.unsigned", { name: checkpoint.origin });
  const counting = signed.find((key) => key.until === undefined || checkpoint.size <= key.until);
  demand(counting, "note.retired", { name: checkpoint.origin });
  return { ...checkpoint, note, key: counting };
}

/** Follows changes of keys from the trusted one on. */
export function followTransitions(trusted, notes) {
  const keys = [trusted];
  for (const bytes of notes) {
    const { before, after, size } = openTransition(bytes);
    const newest = keys[keys.length - 1];
    if (before.spelled === newest.spelled) {
      keys[keys.length - 1] = { ...newest, until: size };
      keys.push(after);
    }
  }
  return keys;
}

function openTransition(bytes) {
  const note = parseNote(bytes);
  const lines = note.text.slice(0, -1).split("\n");
  demand(lines.length === 6 && lines[0] === TRANSITION && DECIMAL.test(lines[4]), "transition.damaged");
  const [before, after] = [parseKey(lines[2], "log"), parseKey(lines[3], "log")];
  demand(before.spelled === lines[2] && after.spelled === lines[3] && lines[2] !== lines[3], "transition.damaged");
  demand(before.name === lines[1] && after.name === lines[1] && fromBase64(lines[5]).length === 32, "transition.damaged");
  const signed = checkLines(note, [before, after]).map((line) => line.key.spelled);
  demand(signed.includes(before.spelled) && signed.includes(after.spelled), "transition.unsigned");
  return { before, after, size: BigInt(lines[4]) };
}
