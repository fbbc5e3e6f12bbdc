// The bag (RFC 8493): which files are named with which digests, and whether they have them.
import { readTagFile } from "./container.js";
import { decodeText } from "./bytes.js";
import { demand } from "./faults.js";
import { piecesOf } from "./digests.js";

const DECLARATION = /^BagIt-Version: 1\.0\r?\nTag-File-Character-Encoding: UTF-8\r?\n?$/;
const LINE = /^([0-9A-Fa-f]{64})[ \t]+(\S+)$/;
const SM3_LIST = "digests-sm3.txt";

export async function checkDeclaration(files) {
  demand(DECLARATION.test(decodeText(await readTagFile(files, "bagit.txt"))), "bag.declaration");
  demand(!files.has("fetch.txt"), "bag.fetch");
}

/** A manifest as a map of paths to digests; a path stands in it once. */
export async function readManifest(files, name) {
  const listed = new Map();
  const lines = decodeText(await readTagFile(files, name)).split(/\r?\n/);
  for (const line of lines.filter((one) => one !== "")) {
    const match = LINE.exec(line);
    demand(match, "bag.line", { name });
    demand(!listed.has(match[2]), "bag.listed_twice", { name, path: match[2] });
    listed.set(match[2], match[1].toLowerCase());
  }
  return listed;
}

/** Reports every file that a manifest names and is not there, or is there and not named. */
export function compareListing(files, listed, name, belongs, report) {
  const there = [...files.keys()].filter(belongs);
  const missing = [...listed.keys()].filter((path) => !files.has(path) || !belongs(path));
  const unlisted = there.filter((path) => !listed.has(path));
  for (const path of missing) report.fail("bag", "bag.missing", { path });
  for (const path of unlisted) report.fail("bag", "bag.unlisted", { path, name });
  if (!missing.length && !unlisted.length) report.pass("bag", "bag.listing", { name, count: there.length });
  return missing;
}

export async function readBag(files, report) {
  await report.attempt("bag", async () => {
    await checkDeclaration(files);
    report.pass("bag", "bag.declared");
  });
  const manifests = {};
  for (const name of ["manifest-sha256.txt", "tagmanifest-sha256.txt", SM3_LIST]) {
    manifests[name] = (await report.attempt("bag", () => readManifest(files, name))) ?? new Map();
  }
  const isPayload = (path) => path.startsWith("data/");
  const isTag = (path) => !isPayload(path) && path !== "tagmanifest-sha256.txt";
  const missing = compareListing(files, manifests["manifest-sha256.txt"], "manifest-sha256.txt", isPayload, report);
  compareListing(files, manifests["tagmanifest-sha256.txt"], "tagmanifest-sha256.txt", isTag, report);
  compareListing(files, manifests[SM3_LIST], SM3_LIST, isPayload, report);
  const sha256 = new Map([...manifests["manifest-sha256.txt"], ...manifests["tagmanifest-sha256.txt"]]);
  return { sha256, sm3: manifests[SM3_LIST], missing };
}

/**
 * Digests every file once, in an order in which the pieces of one original follow each other; gives each file's digests and each original's.
 * `groups` are lists of paths whose bytes are to be joined.
 */
export async function digestFiles(files, bag, groups, { single, joined }, report) {
  const found = new Map();
  const whole = new Map();
  const inGroup = new Set(groups.flat());
  for (const paths of [...groups, ...[...files.keys()].filter((path) => !inGroup.has(path)).map((path) => [path])]) {
    const present = paths.filter((path) => files.has(path));
    joined.begin();
    for (const path of present) {
      found.set(path, await digestFile(files.get(path), single, present.length > 1 ? joined : null, report));
      compareDigests(path, found.get(path), bag, report);
    }
    if (present.length === paths.length) whole.set(paths[0], paths.length > 1 ? joined.end() : found.get(paths[0]));
  }
  return { found, whole };
}

async function digestFile(entry, single, joined, report) {
  single.begin();
  for await (const piece of piecesOf(entry.blob)) {
    single.feed(piece);
    joined?.feed(piece);
    await report.advance(piece.length);
  }
  demand(single.size === entry.size, "bag.cut_short");
  return single.end();
}

function compareDigests(path, digests, bag, report) {
  const wrong = [];
  if (bag.sha256.has(path) && bag.sha256.get(path) !== digests.sha256) wrong.push("SHA-256");
  if (bag.sm3.has(path) && bag.sm3.get(path) !== digests.sm3) wrong.push("SM3");
  for (const name of wrong) report.fail("bag", "bag.digest_wrong", { path, name });
  if (!wrong.length && bag.sha256.has(path)) report.pass("bag", bag.sm3.has(path) ? "bag.both_digests" : "bag.digest", { path });
}
