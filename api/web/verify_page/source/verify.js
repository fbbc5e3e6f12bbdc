// The whole check, in the order of docs/formats/evidence-package.md. Nothing here knows the page.
import { digestFiles, readBag } from "./bag.js";
import { checkHandedOver, checkMade, checkManifest, findMissing, GOOD, judgeClip, judgeDerivative, VERDICT } from "./content_checks.js";
import { openContainer, readTagFile } from "./container.js";
import { Digester, prepareDigests } from "./digests.js";
import { chainEvents, proveEvents } from "./events.js";
import { Fault } from "./faults.js";
import { readContents, readEvidence } from "./index_files.js";
import { checkLog, checkTimes } from "./log_checks.js";

/** Checks sources (from `findSources`) against what the reader trusts; gives `{volumes, packages, isGood}`. */
export async function verifySources(sources, trust, report) {
  await prepareDigests();
  const digesters = { single: await Digester.create(), joined: await Digester.create() };
  const volumes = [];
  for (const [position, source] of sources.entries()) {
    report.volume = position;
    volumes.push(await verifyVolume(source, trust, digesters, report));
  }
  report.volume = null;
  const packages = await gatherPackages(volumes, report);
  const isReadable = volumes.every((volume) => !volume.isUnreadable);
  const isGood =
    isReadable && report.failures.length === 0 && packages.every((one) => one.isComplete && one.items.every((item) => GOOD.has(item.verdict)));
  return { volumes, packages, isReadable, isGood };
}

async function verifyVolume(source, trust, digesters, report) {
  const volume = { source, evidence: null, contents: null, isProved: false, items: [], missing: [], times: [], checkpoint: null };
  const container = await report.attempt("container", () => openContainer(source));
  if (!container) return { ...volume, isUnreadable: true };
  const { files, root } = container;
  report.pass("container", "container.sound", { count: files.size, root });
  const bag = await readBag(files, report);
  volume.missing = bag.missing;
  volume.evidence = await report.attempt("bag", async () => readEvidence(await readTagFile(files, "evidence.json")), { path: "evidence.json" });
  const { clips = [], derivatives = [] } = volume.evidence ?? {};
  const groups = [...clips, ...derivatives].map((one) => one.paths);
  const digests = await report.attempt("bag", () => digestFiles(files, bag, groups, digesters, report));
  if (!volume.evidence || !digests) return { ...volume, items: strangers(files, [], digests, report) };
  volume.checkpoint = await checkLog(files, volume.evidence, trust, report);
  if (volume.checkpoint) volume.times = await checkTimes(files, volume.evidence, volume.checkpoint, trust.roots, report);
  const chains = await checkEvents(volume, report);
  await checkContents(volume, files, root, chains, report);
  await checkManifests(volume, files, chains, report);
  volume.items = [...judgeAll(volume, chains, digests, report), ...strangers(files, groups.flat(), digests, report)];
  return volume;
}

async function checkEvents(volume, report) {
  const events = await proveEvents(volume.evidence.events, volume.checkpoint, report);
  const known = new Set(volume.evidence.clips.map((clip) => `clip ${clip.clip_id}`)).add(`package ${volume.evidence.package_id}`);
  for (const { subject } of events) {
    if (!known.has(`${subject.kind} ${subject.id}`)) report.fail("events", "event.stranger", { subject: `${subject.kind} ${subject.id}` });
  }
  if (events.length === volume.evidence.events.length && events.every((event) => event.isProved))
    report.pass("events", "event.proved", { count: events.length });
  return { events, bySubject: chainEvents(events, report), handedOver: new Set() };
}

async function checkContents(volume, files, root, { events, bySubject, handedOver }, report) {
  await report.attempt(
    "contents",
    async () => {
      const bytes = await readTagFile(files, "contents.json");
      volume.contents = readContents(bytes);
      volume.made = checkMade(bytes, volume.contents, volume.evidence, root, events);
      volume.isProved = true;
      report.pass("contents", "contents.proved", { count: volume.contents.clips.length });
    },
    { path: "contents.json" },
  );
  const listed = clipsById(volume.contents);
  for (const clip of volume.evidence.clips) {
    const chain = bySubject.get(`clip ${clip.clip_id}`);
    await report.attempt(
      "contents",
      () => {
        if (!chain?.isWhole || !listed.has(clip.clip_id)) throw new Fault(chain?.isWhole ? "contents.not_listed" : "contents.no_chain");
        checkHandedOver(chain, listed.get(clip.clip_id), volume.evidence.package_id);
        if (volume.isProved) handedOver.add(clip.clip_id);
        report.pass("contents", "contents.handed_over", { clip: clip.clip_id, count: chain.length });
      },
      { clip: clip.clip_id },
    );
  }
}

async function checkManifests(volume, files, { bySubject }, report) {
  for (const clip of volume.evidence.clips) {
    await report.attempt(
      "manifests",
      async () => {
        await checkManifest(files, clip, bySubject.get(`clip ${clip.clip_id}`));
        report.pass("manifests", "manifest.fits", { path: clip.manifest });
      },
      { path: clip.manifest },
    );
  }
}

function clipsById(contents) {
  return new Map((contents?.clips ?? []).map((clip) => [clip.clip_id, clip]));
}

function judgeAll(volume, { bySubject, handedOver }, digests, report) {
  const items = [];
  const listed = clipsById(volume.contents);
  for (const clip of volume.evidence.clips) {
    const found = digests.whole.get(clip.paths[0]);
    if (!found) continue;
    const chain = bySubject.get(`clip ${clip.clip_id}`);
    const judged = judgeClip({ chain, isHandedOver: handedOver.has(clip.clip_id), listed: listed.get(clip.clip_id), digests: found });
    items.push(
      settle({ kind: "clip", clipId: clip.clip_id, stated: clip, chain: chain ?? [], paths: clip.paths, digests: found, ...judged }, report),
    );
  }
  for (const derivative of volume.evidence.derivatives) {
    const found = digests.whole.get(derivative.paths[0]);
    if (!found) continue;
    const judged = judgeDerivative(derivative, { handed: volume.contents?.derivatives ?? [], isProved: volume.isProved, digests: found });
    const item = {
      kind: "derivative",
      clipId: derivative.clip_id,
      listedSha256: derivative.sha256,
      paths: derivative.paths,
      digests: found,
      ...judged,
    };
    items.push(settle(item, report));
  }
  return items;
}

/** Payload files that nothing speaks of. */
function strangers(files, known, digests, report) {
  const claimed = new Set(known);
  const paths = [...files.keys()].filter((path) => path.startsWith("data/") && !claimed.has(path));
  return paths.map((path) =>
    settle({ kind: "file", paths: [path], digests: digests?.found.get(path) ?? null, verdict: VERDICT.NOT_OURS, reason: "files.unknown" }, report),
  );
}

function settle(item, report) {
  const status = GOOD.has(item.verdict) ? "pass" : "fail";
  report[status]("files", item.reason, { path: item.paths[0], clip: item.clipId ?? "", at: item.since });
  return item;
}

async function gatherPackages(volumes, report) {
  const byId = new Map();
  for (const volume of volumes) {
    const id = volume.evidence?.package_id ?? null;
    if (volume.isUnreadable) continue;
    if (!byId.has(id)) byId.set(id, []);
    byId.get(id).push(volume);
  }
  const packages = [];
  for (const [id, parts] of byId) {
    const missing = await report.attempt("complete", () => findMissing(parts), { id: id ?? "?" });
    const isComplete = Boolean(missing) && ["clips", "derivatives", "files"].every((kind) => missing[kind].length === 0);
    const handed = new Set(parts.filter((part) => part.made).map((part) => part.made.leaf));
    if (handed.size > 1) report.fail("complete", "complete.differ", { id });
    if (isComplete) report.pass("complete", "complete.yes", { id });
    else if (missing) report.fail("complete", "complete.no", { id });
    packages.push({ id, parts, missing, isComplete, items: parts.flatMap((part) => part.items) });
  }
  return packages;
}
