// Proofs of the log's tree (RFC 9162, sections 2.1.3.2 and 2.1.4.2). Sizes and indexes are BigInt: a log may outgrow 2^53 leaves.
import { isEqual } from "./bytes.js";
import { sha256 } from "./digests.js";
import { demand } from "./faults.js";

const LARGEST = 2n ** 62n;
const HASH_BYTES = 32;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash(bytes) {
  return sha256(LEAF, bytes);
}

function nodeHash(left, right) {
  return sha256(NODE, left, right);
}

export function checkInclusion(leaf, index, size, path, root) {
  demand(index >= 0n && index < size && size <= LARGEST, "proof.bounds");
  checkLengths([leaf, root, ...path]);
  let [position, last, hash] = [index, size - 1n, leaf];
  for (const sibling of path) {
    demand(last !== 0n, "proof.length");
    if (position & 1n || position === last) {
      hash = nodeHash(sibling, hash);
      [position, last] = climb(position, last);
    } else {
      hash = nodeHash(hash, sibling);
    }
    [position, last] = [position >> 1n, last >> 1n];
  }
  demand(last === 0n, "proof.length");
  demand(isEqual(hash, root), "proof.root");
}

export function checkConsistency(firstSize, secondSize, path, firstRoot, secondRoot) {
  demand(firstSize > 0n && firstSize <= secondSize && secondSize <= LARGEST, "proof.bounds");
  if (firstSize === secondSize) {
    demand(path.length === 0, "proof.length");
    demand(isEqual(firstRoot, secondRoot), "proof.root");
    return;
  }
  checkLengths([firstRoot, secondRoot, ...path]);
  const hashes = (firstSize & (firstSize - 1n)) === 0n ? [firstRoot, ...path] : path;
  demand(hashes.length > 0, "proof.length");
  let [position, last] = [firstSize - 1n, secondSize - 1n];
  while (position & 1n) [position, last] = [position >> 1n, last >> 1n];
  let [first, second] = [hashes[0], hashes[0]];
  for (const sibling of hashes.slice(1)) {
    demand(last !== 0n, "proof.length");
    if (position & 1n || position === last) {
      first = nodeHash(sibling, first);
      second = nodeHash(sibling, second);
      [position, last] = climb(position, last);
    } else {
      second = nodeHash(second, sibling);
    }
    [position, last] = [position >> 1n, last >> 1n];
  }
  demand(last === 0n, "proof.length");
  demand(isEqual(first, firstRoot) && isEqual(second, secondRoot), "proof.root");
}

/** Leaves out the levels on which a node at the right edge has no sibling. */
function climb(position, last) {
  while (position && !(position & 1n)) [position, last] = [position >> 1n, last >> 1n];
  return [position, last];
}

function checkLengths(hashes) {
  for (const hash of hashes) demand(hash.length === HASH_BYTES, "proof.hash");
}
