// Gives the page's modules the two libraries as globals, as the page has them, before any of them is loaded.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
export const ROOT = fileURLToPath(new URL("../../../../../", import.meta.url));
globalThis.hashwasm = require(`${ROOT}node_modules/hash-wasm/dist/index.umd.js`);
globalThis.ed25519 = await import(`${ROOT}node_modules/@noble/ed25519/index.js`);

export const load = (name) => import(`${ROOT}api/web/verify_page/source/${name}.js`);

const { prepareDigests } = await load("digests");
await prepareDigests();

/** Whether a step is refused; any other error than a fault fails the test. */
export async function isRefused(step) {
  const { Fault } = await load("faults");
  try {
    await step();
    return false;
  } catch (error) {
    if (error instanceof Fault) return true;
    throw error;
  }
}
