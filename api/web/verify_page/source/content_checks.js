// What was handed over, and the verdict on each file (docs/formats/evidence-package.md, checks 6 to 8, "Verdict").
import { parseCanonical } from "./canonical.js";
import { readTagFile } from "./container.js";
import { sha256Hex } from "./digests.js";
import { demand, Fault } from "./faults.js";

export const VERDICT = {
  ORIGINAL: "original",
  IMPORTED: "imported",
  DERIVED: "derived",
  ALTERED: "altered",
  UNPROVED: "unproved",
  NOT_OURS: "not_ours",
};
export const GOOD = new Set([VERDICT.ORIGINAL, VERDICT.IMPORTED, VERDICT.DERIVED]);

/** Whether the log knows these very contents as this package's. */
export function checkMade(bytes, contents, evidence, root, events) {
  const made = events.filter((event) => event.subject.kind === "package" && event.action === "package.made");
  demand(made.length === 1 && made[0].isProved, "contents.made_count", { count: made.length });
  const { details, subject } = made[0];
  demand(details.contents_sha256 === sha256Hex(bytes), "contents.digest");
  demand(subject.id === evidence.package_id && contents.package_id === evidence.package_id, "contents.package_id");
  const name = `evidence-${evidence.package_id}`;
  demand(root === name || root === `${name}-volume-${evidence.volume.number}`, "contents.root", { root });
  demand(details.clips === contents.clips.length, "contents.count");
  return made[0];
}

/** Whether a clip's events are all of those that were handed over, and the last is the handing-over itself. */
export function checkHandedOver(chain, listed, packageId) {
  const last = chain[chain.length - 1];
  demand(chain.length === listed.events && last.leaf === listed.head, "contents.events", { there: chain.length, expected: listed.events });
  demand(last.action === "clip.exported" && last.details.package_id === packageId, "contents.exported");
}

/** Whether a clip's manifest speaks of what was stored; its signature is of another key than the log's, and not checked here. */
export async function checkManifest(files, clip, chain) {
  const { manifest } = parseCanonical(await readTagFile(files, clip.manifest));
  const stored = chain && lastStored(chain);
  demand(stored, "contents.no_chain");
  const said = { size: manifest?.size_bytes, sha256: manifest?.digests?.sha256, sm3: manifest?.digests?.sm3 };
  const isSameObject = manifest?.stored?.version_id === stored.details.version_id;
  demand(manifest?.clip_id === clip.clip_id && isSameObject && isSame(said, stored.details), "manifest.differs");
}

export function lastStored(chain) {
  return [...chain].reverse().find((event) => event.action === "clip.stored");
}

/** Verdict on a clip whose bytes are there; `isHandedOver` is whether its chain, `contents.json` and the event of the handing-over hold. */
export function judgeClip({ chain, isHandedOver, listed, digests }) {
  const stored = chain && lastStored(chain);
  if (!stored) return { verdict: VERDICT.NOT_OURS, reason: "files.no_chain" };
  if (!isSame(digests, stored.details)) return { verdict: VERDICT.ALTERED, reason: "files.altered" };
  const isBegun = chain[0].action === "clip.announced";
  if (!chain.isWhole || !isBegun) return { verdict: VERDICT.UNPROVED, reason: "files.chain_unproved" };
  if (!isHandedOver || !isSame(digests, listed)) return { verdict: VERDICT.UNPROVED, reason: "files.contents_unproved" };
  const { imported } = chain[0].details;
  const verdict = imported === undefined || imported === null ? VERDICT.ORIGINAL : VERDICT.IMPORTED;
  return { verdict, reason: `files.${verdict}`, since: chain[0].at, source: imported ?? null };
}

export function judgeDerivative(derivative, { handed, isProved, digests }) {
  const listed = handed.find((one) => one.clip_id === derivative.clip_id && one.sha256 === derivative.sha256);
  if (!listed) return { verdict: VERDICT.NOT_OURS, reason: "files.not_listed" };
  if (!isSame(digests, listed)) return { verdict: VERDICT.ALTERED, reason: "files.contents_differ" };
  if (!isProved) return { verdict: VERDICT.UNPROVED, reason: "files.contents_unproved" };
  return { verdict: VERDICT.DERIVED, reason: "files.derived", recipe: listed.recipe };
}

function isSame(digests, said) {
  return digests.sha256 === said.sha256 && digests.sm3 === said.sm3 && digests.size === said.size_bytes;
}

/** What a package of these volumes lacks; `volumes` only helps to find it, since nobody signed how many there are. */
export function findMissing(volumes) {
  const contents = volumes.find((volume) => volume.isProved)?.contents;
  if (!contents) throw new Fault("complete.unknown");
  const count = Math.max(...volumes.map((volume) => volume.evidence.volume.count));
  const numbers = new Set(volumes.map((volume) => volume.evidence.volume.number));
  const items = volumes.flatMap((volume) => volume.items);
  const clips = new Set(items.filter((item) => item.kind === "clip").map((item) => item.clipId));
  const derivatives = new Set(items.filter((item) => item.kind === "derivative").map((item) => `${item.clipId} ${item.listedSha256}`));
  return {
    volumes: Array.from({ length: count }, (_, position) => position + 1).filter((number) => !numbers.has(number)),
    clips: contents.clips.map((clip) => clip.clip_id).filter((id) => !clips.has(id)),
    derivatives: contents.derivatives.filter((one) => !derivatives.has(`${one.clip_id} ${one.sha256}`)).map((one) => one.clip_id),
    files: volumes.flatMap((volume) => volume.missing),
  };
}
