// A whole package, checked as on the page, with single bytes changed by a forger who makes the bag right again. PACKAGE names a JSON file
// `{root, logKey, rootPem, files}` with files in base64; STEP is how many bytes lie between two that are changed.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { load } from "./loading.mjs";

const { parseKey } = await load("note");
const { Report } = await load("report");
const { parsePem } = await load("token");
const { verifySources } = await load("verify");

const { root, logKey, rootPem, files } = JSON.parse(readFileSync(process.env.PACKAGE, "utf-8"));
const STEP = Number(process.env.STEP);
const package_ = new Map(Object.entries(files).map(([path, data]) => [path, Buffer.from(data, "base64")]));
const trust = { logKey: parseKey(logKey, "log"), witnessKeys: [], roots: parsePem(rootPem), checkpoint: null };
const SHOWN_ONLY = ["made_at", "maker", "software"];
const SHOWN_ONLY_OF_CLIPS = ["original_name", "recorder", "officer", "recorded_at", "received_at", "imported"];
const digest = (data) => createHash("sha256").update(data).digest("hex");

async function check(changed) {
  const report = new Report({ onCheck() {}, onProgress() {} });
  const source = {
    kind: "folder",
    name: root,
    size: 0,
    files: [...changed].map(([path, data]) => ({ path, size: data.length, blob: new Blob([data]) })),
  };
  const outcome = await verifySources([source], trust, report);
  const times = outcome.volumes.flatMap((volume) => volume.times.map(({ at, authority, root: name }) => `${at.toISOString()} ${authority} ${name}`));
  return { isGood: outcome.isGood, times, failures: report.failures };
}

function change(path, at, bit) {
  const changed = new Map(package_);
  const data = Buffer.from(package_.get(path));
  data[at] ^= bit;
  changed.set(path, data);
  const tags = changed
    .get("tagmanifest-sha256.txt")
    .toString()
    .replace(digest(package_.get(path)), digest(data));
  if (path !== "tagmanifest-sha256.txt") changed.set("tagmanifest-sha256.txt", Buffer.from(tags));
  return { changed, data };
}

/** What `evidence.json` says that counts: all but what is only shown to people, which nobody signed. */
function counted(data) {
  const evidence = JSON.parse(data);
  for (const name of SHOWN_ONLY) delete evidence[name];
  for (const clip of evidence.clips) for (const name of SHOWN_ONLY_OF_CLIPS) delete clip[name];
  return evidence;
}

/** Whether a change that was let pass is one that changes nothing signed. */
function isHarmless(path, data, result) {
  if (path === "evidence.json") return assert.deepEqual(counted(data), counted(package_.get(path))) === undefined;
  if (path === "log/checkpoint.tst") return assert.deepEqual(result.times, original.times) === undefined;
  if (path.endsWith("-sha256.txt") || path === "digests-sm3.txt") {
    // Digits of either case (RFC 8493, section 2.1.3), and a blank or a tab between digest and path.
    const plain = (text) => text.toString().toLowerCase().replaceAll("\t", " ");
    return plain(data) === plain(package_.get(path));
  }
  // A manifest is signed with another key than the log's; what it says of the stored object counts here, the rest is its reader's affair.
  return path.startsWith("manifests/") || path === "bag-info.txt" || path === "log/timestamp-root.pem";
}

const original = await check(package_);

test("the package itself holds", () => assert.deepEqual([original.isGood, original.failures], [true, []]));

for (const path of package_.keys()) {
  test(`no changed byte of ${path} changes what is signed`, async () => {
    for (let at = 0; at < package_.get(path).length; at += path === "log/checkpoint" ? 1 : STEP) {
      const { changed, data } = change(path, at, 1 << (at % 8));
      const result = await check(changed);
      assert.ok(!result.isGood || isHarmless(path, data, result), `byte ${at}`);
    }
  });
}
