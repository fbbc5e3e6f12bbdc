// Parsers: what they take, and that they refuse everything else without falling over.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { isRefused, load, ROOT } from "./loading.mjs";

const { fromBase64 } = await load("bytes");
const { parseCanonical } = await load("canonical");
const { findSources } = await load("container");
const { Der } = await load("der");
const { parseEvent } = await load("events");
const { preferredLanguage, visible } = await load("languages");
const { checkToken, parsePem } = await load("token");

const encode = (text) => new TextEncoder().encode(text);
const STAMPED = encode("bodycam.example/log\n1234\n");
const golden = (name) => new Uint8Array(readFileSync(`${ROOT}tests/golden/${name}`));

for (const text of [
  '{"a":1,"b":[true,null,"é€😀"]}',
  "1e+21",
  "0.000001",
  "1e-7",
  "9007199254740992",
  '"\\u001f\\"\\\\"',
  "[]",
  '{"":0}',
  '{"😀":1,"\ufb33":2}',
]) {
  test(`canonical: ${text}`, () => assert.deepEqual(parseCanonical(encode(text)), JSON.parse(text)));
}

const OTHER_SPELLINGS = [
  '{"b":1,"a":2}',
  '{"a":1,"a":1}',
  "1.0",
  "-0",
  "1E3",
  "[1, 2]",
  '"\\u0041"',
  '"\\/"',
  '"\\ud800"',
  "\ufeff1",
  "NaN",
  "",
  "1\n",
  "1e400",
  '{"\ufb33":2,"😀":1}',
  `${"[".repeat(66)}${"]".repeat(66)}`,
  `${"[".repeat(200000)}`,
];
for (const text of OTHER_SPELLINGS) {
  test(`not canonical: ${text.slice(0, 30)}`, async () => assert.equal(await isRefused(() => parseCanonical(encode(text))), true));
}

test("text that is not UTF-8 is refused", async () => assert.equal(await isRefused(() => parseCanonical(Uint8Array.of(0x22, 0xff, 0x22))), true));

test("base64 has one spelling", () => {
  for (const text of ["AA==", "AAA=", "AAAA", ""]) assert.doesNotThrow(() => fromBase64(text));
  for (const text of ["AA", "AB==", "AA==\n", " AAAA", "A=A=", "AA-_"]) assert.throws(() => fromBase64(text), { code: "damaged.base64" });
});

test("every byte of an event counts", async () => {
  const event = golden("custody_event_v1.json");
  assert.equal(parseEvent(event).version, 1);
  for (const text of ["subject_seq", "prev", "action", "actor", "at", "details", "format", "version"]) {
    const other = encode(new TextDecoder().decode(event).replace(`"${text}"`, `"${text.toUpperCase()}"`));
    assert.equal(await isRefused(() => parseEvent(other)), true);
  }
});

test("an event at a moment that does not exist is refused", async () => {
  const event = new TextDecoder().decode(golden("custody_event_v1.json"));
  const other = event.replace(/"at":"\d{4}-\d\d-\d\dT\d\d/, '"at":"2026-02-30T11');
  assert.equal(await isRefused(() => parseEvent(encode(other))), true);
});

test("the frozen token is about nothing else", async () => {
  const roots = parsePem(new TextDecoder().decode(golden("timestamp_root_v1.pem")));
  const token = golden("timestamp_token_v1.der");
  assert.equal(await isRefused(() => checkToken(token, encode("something else"), roots)), true);
});

test("a token with any byte changed is refused or says the same", async () => {
  const roots = parsePem(new TextDecoder().decode(golden("timestamp_root_v1.pem")));
  const token = golden("timestamp_token_v1.der");
  const time = await checkToken(token, STAMPED, roots);
  assert.ok(time.root);
  for (let at = 0; at < token.length; at += 1) {
    const other = token.slice();
    other[at] ^= 1 << (at % 8);
    let said = null;
    const refused = await isRefused(async () => {
      said = await checkToken(other, STAMPED, roots);
    });
    if (!refused && said.root) assert.deepEqual(said, time, `byte ${at}`);
  }
});

test("DER is read in its shortest form only", async () => {
  for (const bytes of [[0x30, 0x80, 0, 0], [2, 0x81, 1, 5], [2, 2, 0, 5], [2, 1], [2, 1, 5, 0], [0x1f, 1, 0], [], [2, 0x85, 0, 0, 0, 0, 1, 5]]) {
    assert.equal(await isRefused(() => Der.parse(Uint8Array.from(bytes)).integer), true, String(bytes));
  }
  assert.equal(Der.parse(Uint8Array.of(2, 1, 0x80)).integer, -128n);
});

test("signs that hide or turn text are spelled out", () => {
  assert.equal(visible("a\u202eb\u200bc\nd\0"), "a\\u{202e}b\\u{200b}c\\u{000a}d\\u{0000}");
  assert.equal(visible("录像 <b>1</b>.MP4"), "录像 <b>1</b>.MP4");
});

test("languages are taken where the page has them", () => {
  assert.equal(preferredLanguage(["fr", "zh-HK"]), "zh-TW");
  assert.equal(preferredLanguage(["en-GB", "zh-CN"]), "en");
  assert.equal(preferredLanguage(["de"]), "zh-CN");
});

test("folders of a medium are told apart by their bagit.txt, wherever they lie", () => {
  const file = new Blob(["x"]);
  const paths = ["stick/evidence-1/bagit.txt", "stick/evidence-1/data/bagit.txt", "stick/evidence-2/bagit.txt", "stick/a.zip", "stick/note.txt"];
  const sources = findSources(paths.map((path) => ({ path, file })));
  assert.deepEqual(sources.map(({ kind, name }) => `${kind} ${name}`).sort(), [
    "folder stick/evidence-1",
    "folder stick/evidence-2",
    "zip stick/a.zip",
    "zip stick/note.txt",
  ]);
});
