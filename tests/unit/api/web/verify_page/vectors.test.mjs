// Vectors made by others (tests/golden/vectors).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { isRefused, load, ROOT } from "./loading.mjs";

const { fromBase64, fromHex, toHex } = await load("bytes");
const { Digester } = await load("digests");
const { checkConsistency, checkInclusion, leafHash } = await load("merkle");
const { checkLines, openCheckpoint, parseKey, parseNote } = await load("note");

const vectors = (name) => JSON.parse(readFileSync(`${ROOT}tests/golden/vectors/${name}.json`, "utf-8"));
const bytes = (text) => (text ? fromBase64(text) : new Uint8Array(0));
const hashes = (list) => (list ?? []).map(bytes);

for (const one of vectors("merkle_inclusion").cases) {
  test(one.name, async () => {
    const step = () => checkInclusion(bytes(one.leafHash), BigInt(one.leafIdx), BigInt(one.treeSize), hashes(one.proof), bytes(one.root));
    assert.equal(await isRefused(step), one.wantErr);
  });
}

for (const one of vectors("merkle_consistency").cases) {
  test(one.name, async () => {
    const step = () => checkConsistency(BigInt(one.size1), BigInt(one.size2), hashes(one.proof), bytes(one.root1), bytes(one.root2));
    assert.equal(await isRefused(step), one.wantErr || one.size1 === 0);
  });
}

test("leaves are hashed as RFC 6962 says", () => {
  const { leaf_inputs_hex: inputs, node_hashes_hex: nodes } = vectors("rfc6962_roots");
  assert.deepEqual(
    inputs.map((input) => toHex(leafHash(fromHex(input)))),
    nodes[0],
  );
});

test("SHA-256 and SM3 give the known answers, however the bytes are cut", async () => {
  const known = vectors("hash_kat");
  for (const name of ["sha256", "sm3"]) {
    for (const [text, digest] of known[name]) {
      const digester = await Digester.create();
      for (const character of text) digester.feed(new TextEncoder().encode(character));
      assert.equal(digester.end()[name], digest);
    }
  }
});

test("the example of the signed note holds, and not with another text", () => {
  const { vkey, note } = vectors("c2sp_signed_note");
  const key = parseKey(vkey, "log");
  assert.equal(checkLines(parseNote(new TextEncoder().encode(note)), [key]).length, 1);
  assert.throws(() => checkLines(parseNote(new TextEncoder().encode(note.replace("example m", "Example m"))), [key]), { code: "note.signature" });
});

test("the frozen checkpoint holds", () => {
  const [key, ...rest] = readFileSync(`${ROOT}tests/golden/checkpoint_v1.txt`, "utf-8").split("\n");
  assert.equal(openCheckpoint(new TextEncoder().encode(rest.join("\n")), [parseKey(key, "log")]).origin, key.split("+")[0]);
});
