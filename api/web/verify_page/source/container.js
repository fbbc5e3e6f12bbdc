// A ZIP or a folder as one thing: files by their path within the evidence folder. Names are refused here, alike for both.
import { demand, Fault } from "./faults.js";
import { MOST_ENTRIES, openZip } from "./zip.js";

const SEGMENT = /^[A-Za-z0-9._-]{1,120}$/;
const MOST_TAG_BYTES = 64 * 1024 ** 2;

/** Sorts chosen files into packages: each ZIP is one, and each folder that holds a `bagit.txt`. */
export function findSources(chosen) {
  const sources = [];
  const folders = new Map();
  const bagFolders = chosen
    .filter(({ path }) => path.includes("/") && path.endsWith("/bagit.txt"))
    .map(({ path }) => path.slice(0, -"bagit.txt".length));
  const roots = bagFolders.filter((root) => !bagFolders.some((other) => other !== root && root.startsWith(other)));
  for (const { path, file } of chosen) {
    const root = roots.find((one) => path.startsWith(one));
    if (root !== undefined) {
      if (!folders.has(root)) folders.set(root, []);
      folders.get(root).push({ path: path.slice(root.length), size: file.size, blob: file });
    } else {
      sources.push({ kind: "zip", name: path, size: file.size, file });
    }
  }
  for (const [root, files] of folders) {
    const name = root.slice(0, -1);
    sources.push({ kind: "folder", name, size: files.reduce((sum, file) => sum + file.size, 0), files });
  }
  return sources;
}

export async function openContainer(source) {
  const entries = source.kind === "zip" ? await openZip(source.file) : source.files;
  demand(entries.length <= MOST_ENTRIES, "zip.too_many", { most: MOST_ENTRIES });
  const root = source.kind === "zip" ? rootOf(entries) : source.name.split("/").pop();
  const files = new Map();
  const seen = new Set();
  for (const entry of entries) {
    const path = source.kind === "zip" ? withinRoot(entry.path, root) : entry.path;
    checkPath(path);
    const folded = path.toLowerCase().replace(/\.+(?=\/|$)/g, "");
    demand(!seen.has(folded), "name.twice", { path });
    seen.add(folded);
    demand(path.startsWith("data/") || entry.size <= MOST_TAG_BYTES, "name.too_long_file", { path });
    files.set(path, entry);
  }
  checkFolders(seen);
  return { root, files };
}

function rootOf(entries) {
  demand(entries.length > 0, "zip.empty");
  return entries[0].path.split("/")[0];
}

function withinRoot(path, root) {
  const [first, ...rest] = path.split("/");
  demand(!path.startsWith("/") && !/^[A-Za-z]:/.test(path), "name.absolute", { path });
  demand(!path.split("/").includes(".."), "name.climbing", { path });
  demand(SEGMENT.test(first) && first !== ".", "name.alphabet", { path });
  demand(first === root && rest.length > 0, "name.outside", { path });
  return rest.join("/");
}

function checkPath(path) {
  for (const segment of path.split("/")) {
    demand(segment !== "..", "name.climbing", { path });
    demand(SEGMENT.test(segment) && segment !== ".", "name.alphabet", { path });
  }
}

/** No name is a file's and a folder's at once. */
function checkFolders(names) {
  for (const name of names) {
    for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) {
      if (names.has(name.slice(0, at))) throw new Fault("name.twice", { path: name.slice(0, at) });
    }
  }
}

export async function readTagFile(files, path) {
  const entry = files.get(path);
  demand(entry, "bag.missing", { path });
  return new Uint8Array(await entry.blob.arrayBuffer());
}
