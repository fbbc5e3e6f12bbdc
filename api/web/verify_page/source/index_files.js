// `evidence.json` and `contents.json`: their members, before anything in them is used.
import { parseCanonical } from "./canonical.js";
import { demand } from "./faults.js";
import { count, list, matching, members, oneOf, optional, record, text, truth } from "./shapes.js";

const PLAIN_ID = matching(/^[0-9a-zA-Z._-]{1,64}$/);
const HASH = matching(/^[0-9a-f]{64}$/);
const PATH = matching(/^data\/[A-Za-z0-9._/-]{1,400}$/);
const TIME = matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/);

const EVIDENCE = record({
  format: oneOf("bodycam.evidence-package"),
  version: oneOf(1),
  package_id: PLAIN_ID,
  made_at: TIME,
  maker: text(),
  software: text(),
  log_origin: text(),
  volume: record({ number: count(1), count: count(1) }),
  clips: list(
    record({
      clip_id: PLAIN_ID,
      paths: list(PATH),
      original_name: text(),
      recorder: optional(text()),
      officer: optional(text()),
      recorded_at: optional(TIME),
      received_at: optional(TIME),
      imported: truth,
      manifest: text(),
    }),
  ),
  derivatives: list(record({ clip_id: PLAIN_ID, paths: list(PATH), sha256: HASH })),
  events: list(record({ canonical: text(90000), leaf_index: count(), proof: list(HASH) })),
  checkpoint_size: count(1),
  tokens: list(record({ path: matching(/^log\/tokens\/[1-9][0-9]{0,4}\.tst$/), checkpoint: text(), consistency: list(HASH) })),
});

const CONTENTS = record({
  format: oneOf("bodycam.evidence-contents"),
  version: oneOf(1),
  package_id: PLAIN_ID,
  recipient: text(),
  purpose: text(),
  case: optional(record({ id: PLAIN_ID, number: text(), title: text() })),
  clips: list(record({ clip_id: PLAIN_ID, sha256: HASH, sm3: HASH, size_bytes: count(), events: count(1), head: HASH })),
  derivatives: list(record({ clip_id: PLAIN_ID, sha256: HASH, sm3: HASH, size_bytes: count(), recipe: members })),
});

export function readEvidence(bytes) {
  const evidence = parseCanonical(bytes);
  EVIDENCE(evidence, "");
  const paths = [...evidence.clips, ...evidence.derivatives].flatMap((one) => one.paths);
  demand(new Set(paths).size === paths.length, "index.path_twice");
  demand(
    [...evidence.clips, ...evidence.derivatives].every((one) => one.paths.length > 0),
    "index.no_path",
  );
  demand(evidence.volume.number <= evidence.volume.count, "index.volume");
  const ids = evidence.clips.map((clip) => clip.clip_id);
  demand(new Set(ids).size === ids.length, "index.clip_twice");
  for (const clip of evidence.clips) checkPaths(clip);
  return evidence;
}

/** An original is one file, or pieces numbered from 001. */
function checkPaths({ clip_id: id, paths }) {
  const [first] = paths;
  const stem = paths.length > 1 ? first.slice(0, -4) : first;
  demand(stem.startsWith(`data/${id}/original`), "index.path", { path: first });
  const expected = paths.length > 1 ? paths.map((_, position) => `${stem}.${String(position + 1).padStart(3, "0")}`) : paths;
  demand(
    paths.every((path, position) => path === expected[position]),
    "index.path",
    { path: first },
  );
}

export function readContents(bytes) {
  const contents = parseCanonical(bytes);
  CONTENTS(contents, "");
  const ids = contents.clips.map((clip) => clip.clip_id);
  demand(
    ids.every((id, position) => position === 0 || ids[position - 1] < id),
    "index.order",
  );
  return contents;
}
