// Bytes, and the one spelling of each that is taken: lower-case hexadecimal, padded base64 without stray bits, UTF-8 without a mark.
import { Fault } from "./faults.js";

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromHex(text) {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new Fault("damaged.hex");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toBase64(bytes) {
  let binary = "";
  for (let start = 0; start < bytes.length; start += 8192) binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return btoa(binary);
}

export function fromBase64(text) {
  let binary;
  try {
    binary = atob(text);
  } catch {
    throw new Fault("damaged.base64");
  }
  if (btoa(binary) !== text) throw new Fault("damaged.base64");
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function encodeText(text) {
  return new TextEncoder().encode(text);
}

export function decodeText(bytes) {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    throw new Fault("damaged.utf8");
  }
}

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function isEqual(one, other) {
  return one.length === other.length && one.every((byte, position) => byte === other[position]);
}
