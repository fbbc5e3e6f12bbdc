// Reading a ZIP archive without taking anything out of it (PKWARE APPNOTE 6.3.10). Every byte of it must be spoken for: entries lie one after the
// other from the first byte to the central directory, so that no other reader can see another archive in the same file.
import { decodeText, isEqual } from "./bytes.js";
import { demand, Fault } from "./faults.js";
import { Window } from "./window.js";

export const MOST_ENTRIES = 200000;
const MOST_DIRECTORY_BYTES = 128 * 1024 ** 2;
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const DESCRIPTOR = 0x08074b50;
const ELSEWHERE_16 = 0xffff;
const ELSEWHERE_32 = 0xffffffff;
const HAS_DESCRIPTOR = 0x0008;
const IS_ENCRYPTED = 0x2041; // bits 0, 6 and 13
const KNOWN_FLAGS = 0x0808; // data descriptor, UTF-8
const KIND_MASK = 0xf000;
const REGULAR = 0x8000;
const WIDE_FIELD = 0x0001;
const TAKEN_FIELDS = new Set([WIDE_FIELD, 0x000a, 0x5455]); // ZIP64, and times of NTFS and of Info-ZIP

export async function openZip(blob) {
  const window = new Window(blob);
  const end = await readEnd(window, blob.size);
  const entries = await readDirectory(window, end);
  await checkLayout(window, entries, end);
  return entries.map(({ path, size, dataStart }) => ({ path, size, blob: blob.slice(dataStart, dataStart + size) }));
}

async function readEnd(window, length) {
  demand(length >= 22, "zip.none");
  const view = await window.view(length - 22, 22);
  if (view.getUint32(0, true) !== END || view.getUint16(20, true) !== 0) {
    throw new Fault((await hasEndEarlier(window, length)) ? "zip.trailing" : "zip.none");
  }
  const short = {
    disks: [view.getUint16(4, true), view.getUint16(6, true)],
    counts: [view.getUint16(8, true), view.getUint16(10, true)],
    size: view.getUint32(12, true),
    offset: view.getUint32(16, true),
  };
  const end = (await readEnd64(window, length, short)) ?? { ...short, count: short.counts[1], start: length - 22 };
  demand(end.disks.every((disk) => disk === 0) && end.counts.every((count) => count === end.count), "zip.several_disks");
  demand(end.count <= MOST_ENTRIES, "zip.too_many", { most: MOST_ENTRIES });
  demand(end.size <= MOST_DIRECTORY_BYTES && end.offset + end.size === end.start, "zip.directory");
  return end;
}

async function hasEndEarlier(window, length) {
  const bytes = await window.bytes(Math.max(0, length - 65557), Math.min(length, 65557));
  for (let at = bytes.length - 4; at >= 0; at -= 1) {
    if (bytes[at] === 0x50 && bytes[at + 1] === 0x4b && bytes[at + 2] === 5 && bytes[at + 3] === 6) return true;
  }
  return false;
}

async function readEnd64(window, length, short) {
  const at = length - 42;
  const locator = at >= 56 ? await window.view(at, 20) : null;
  if (locator?.getUint32(0, true) !== LOCATOR_64) {
    demand(short.counts[1] !== ELSEWHERE_16 && short.size !== ELSEWHERE_32 && short.offset !== ELSEWHERE_32, "zip.directory");
    return null;
  }
  const start = safeNumber(locator.getBigUint64(8, true));
  demand(start === at - 56 && locator.getUint32(4, true) === 0 && locator.getUint32(16, true) === 1, "zip.directory");
  const view = await window.view(start, 56);
  demand(view.getUint32(0, true) === END_64 && view.getBigUint64(4, true) === 44n, "zip.directory");
  const [count, size, offset] = [32, 40, 48].map((field) => safeNumber(view.getBigUint64(field, true)));
  demand(
    short.counts.every((value) => agrees(value, count, ELSEWHERE_16)),
    "zip.directory",
  );
  demand(agrees(short.size, size, ELSEWHERE_32) && agrees(short.offset, offset, ELSEWHERE_32), "zip.directory");
  const disks = [view.getUint32(16, true), view.getUint32(20, true)];
  return { disks, counts: [safeNumber(view.getBigUint64(24, true)), count], count, size, offset, start };
}

async function readDirectory(window, end) {
  const bytes = await window.bytes(end.offset, end.size);
  const entries = [];
  let at = 0;
  for (let number = 0; number < end.count; number += 1) {
    const entry = readCentral(bytes, at);
    entries.push(entry);
    at = entry.next;
  }
  demand(at === bytes.length, "zip.directory");
  return entries;
}

function readCentral(bytes, at) {
  demand(at + 46 <= bytes.length, "zip.directory");
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 46);
  demand(view.getUint32(0, true) === CENTRAL, "zip.directory");
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(field, true));
  const extraStart = at + 46 + nameLength;
  const next = extraStart + extraLength + commentLength;
  demand(next <= bytes.length && commentLength === 0, "zip.directory");
  const name = bytes.slice(at + 46, extraStart);
  const entry = { name, path: readable(name), flags: view.getUint16(8, true), method: view.getUint16(10, true), crc: view.getUint32(16, true), next };
  const kind = (view.getUint32(38, true) >>> 16) & KIND_MASK;
  checkKind(entry, kind);
  const wanted = { size: view.getUint32(24, true), packed: view.getUint32(20, true), offset: view.getUint32(42, true) };
  Object.assign(entry, resolve64(wanted, bytes.subarray(extraStart, extraStart + extraLength), entry.path));
  demand(view.getUint16(34, true) === 0, "zip.several_disks");
  demand(entry.size === entry.packed, "zip.sizes", { path: entry.path });
  return entry;
}

function checkKind({ path, flags, method }, kind) {
  demand(!(flags & IS_ENCRYPTED), "zip.encrypted", { path });
  demand(!(flags & ~KNOWN_FLAGS), "zip.flags", { path });
  demand(method === 0, "zip.compressed", { path });
  demand(kind === 0 || kind === REGULAR, "zip.link", { path });
}

/** Takes those of the named fields from the ZIP64 extra field that stand there, in its fixed order (APPNOTE, section 4.5.3). */
function resolve64(fields, extra, path) {
  const found = { ...fields };
  const wide = wideField(extra, path);
  let at = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (value !== ELSEWHERE_32) continue;
    demand(wide && at + 8 <= wide.byteLength, "zip.sizes", { path });
    found[name] = safeNumber(wide.getBigUint64(at, true));
    at += 8;
  }
  return found;
}

/** The ZIP64 extra field; of others only times are taken, since a second name (Info-ZIP's 0x7075) would be another file to other readers. */
function wideField(extra, path) {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.length);
  let [at, found] = [0, null];
  while (at < extra.length) {
    demand(at + 4 <= extra.length, "zip.extra", { path });
    const [kind, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    demand(at + 4 + length <= extra.length && TAKEN_FIELDS.has(kind) && !(kind === WIDE_FIELD && found), "zip.extra", { path });
    if (kind === WIDE_FIELD) found = new DataView(extra.buffer, extra.byteOffset + at + 4, length);
    at += 4 + length;
  }
  return found;
}

async function checkLayout(window, entries, end) {
  const ordered = [...entries].sort((one, other) => one.offset - other.offset);
  let expected = 0;
  for (const [position, entry] of ordered.entries()) {
    demand(entry.offset >= expected, "zip.overlap", { path: entry.path });
    demand(entry.offset === expected, position ? "zip.hidden" : "zip.prefixed", position ? { path: entry.path } : {});
    entry.dataStart = await checkLocal(window, entry);
    const limit = position + 1 < ordered.length ? ordered[position + 1].offset : end.offset;
    const after = entry.dataStart + entry.size;
    demand(after <= limit, "zip.overlap", { path: entry.path });
    if (entry.flags & HAS_DESCRIPTOR) await checkDescriptor(window, entry, after, limit - after);
    expected = entry.flags & HAS_DESCRIPTOR ? limit : after;
  }
  demand(expected === end.offset, entries.length ? "zip.hidden" : "zip.prefixed", { path: "" });
}

/** A local header must say what the central directory says. */
async function checkLocal(window, entry) {
  const { path } = entry;
  const view = await window.view(entry.offset, 30);
  demand(view.getUint32(0, true) === LOCAL, "zip.local", { path });
  const [nameLength, extraLength] = [view.getUint16(26, true), view.getUint16(28, true)];
  const rest = await window.bytes(entry.offset + 30, nameLength + extraLength);
  const isSame =
    isEqual(rest.subarray(0, nameLength), entry.name) && view.getUint16(6, true) === entry.flags && view.getUint16(8, true) === entry.method;
  demand(isSame, "zip.local", { path });
  const fields = { size: view.getUint32(22, true), packed: view.getUint32(18, true) };
  const mayBeLater = Boolean(entry.flags & HAS_DESCRIPTOR);
  const isLater = mayBeLater && Object.values(fields).every((value) => value === 0);
  const wide = wideField(rest.subarray(nameLength), path);
  if (!isLater && !(mayBeLater && !wide && fields.size === ELSEWHERE_32)) {
    const { size, packed } = resolve64(fields, rest.subarray(nameLength), path);
    const isZeroYet = mayBeLater && size === 0 && packed === 0;
    demand(isZeroYet || (size === entry.size && packed === entry.size), "zip.local", { path });
  }
  const crc = view.getUint32(14, true);
  demand(crc === entry.crc || (mayBeLater && crc === 0), "zip.local", { path });
  return entry.offset + 30 + nameLength + extraLength;
}

/** What follows an entry's bytes: a data descriptor, with or without its mark, of 4- or 8-byte sizes (APPNOTE, section 4.3.9). */
async function checkDescriptor(window, entry, at, length) {
  demand([12, 16, 20, 24].includes(length), "zip.hidden", { path: entry.path });
  const view = await window.view(at, length);
  const hasMark = length === 16 || length === 24;
  const isWide = length >= 20;
  const start = hasMark ? 4 : 0;
  demand(!hasMark || view.getUint32(0, true) === DESCRIPTOR, "zip.hidden", { path: entry.path });
  const sizes = [0, 1].map((number) =>
    isWide ? safeNumber(view.getBigUint64(start + 4 + 8 * number, true)) : view.getUint32(start + 4 + 4 * number, true),
  );
  demand(view.getUint32(start, true) === entry.crc && sizes.every((size) => size === entry.size), "zip.local", { path: entry.path });
}

function agrees(short, long, elsewhere) {
  return short === elsewhere || short === long;
}

function safeNumber(value) {
  demand(value <= BigInt(Number.MAX_SAFE_INTEGER), "zip.directory");
  return Number(value);
}

/** For people to read; only ASCII is taken as a name in the end. */
function readable(name) {
  try {
    return decodeText(name);
  } catch {
    return String.fromCharCode(...name);
  }
}
