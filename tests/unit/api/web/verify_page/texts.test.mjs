// The page's texts: the same in every language, and one for everything that is said.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { load, ROOT } from "./loading.mjs";

const { LANGUAGES } = await load("languages");
const SOURCE = `${ROOT}api/web/verify_page/source/`;
const sources = readdirSync(SOURCE)
  .filter((name) => !name.startsWith("texts_") && !name.endsWith(".css"))
  .map((name) => readFileSync(SOURCE + name, "utf-8"));
const [first, ...others] = Object.values(LANGUAGES).map(({ texts }) => texts);

test("every language says the same with the same parts", () => {
  const parts = (text) => [...text.matchAll(/\{\w+\}/g)].map(([part]) => part).sort();
  for (const other of others) {
    assert.deepEqual(Object.keys(other).sort(), Object.keys(first).sort());
    for (const key of Object.keys(first)) assert.deepEqual(parts(other[key]), parts(first[key]), key);
  }
});

test("everything that is said has a text, and every text is said somewhere", () => {
  const whole = sources.join("\n");
  const groups = new Set(Object.keys(first).map((key) => key.split(".")[0]));
  const said = new Set([...whole.matchAll(/["`]([a-z]+\.[a-z_0-9]+)["`]/g)].map(([, key]) => key));
  const built = [...whole.matchAll(/`([a-z]+)\.(?:[a-z]+_)?\$\{/g)].map(([, group]) => group);
  const isFile = (key) => /\.(?:json|txt|tst|note)$/.test(key) && !(key in first);
  const events = new Set(["clip.announced", "clip.stored", "clip.exported", "package.made"]);
  assert.deepEqual(
    [...said].filter((key) => !(key in first) && !isFile(key) && !events.has(key)),
    [],
  );
  assert.deepEqual(
    Object.keys(first).filter((key) => !said.has(key) && !built.includes(key.split(".")[0])),
    [],
  );
});
