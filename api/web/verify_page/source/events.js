// Custody events (docs/formats/custody-event.md): their members, their proofs, and the chain of each subject.
import { fromBase64, fromHex, toHex } from "./bytes.js";
import { parseCanonical } from "./canonical.js";
import { demand } from "./faults.js";
import { checkInclusion, leafHash } from "./merkle.js";
import { count, matching, members, oneOf, optional, record, text } from "./shapes.js";

const LONGEST_EVENT = 65536;
const WORD = matching(/^(?=.{1,64}$)[a-z]+(?:_[a-z]+)*$/);
const EVENT_ID = (value, where) => {
  text(128)(value, where);
  demand(value !== "", "damaged.member", { where });
};
const ACTOR_NAME = (value, where) => {
  text(512)(value, where);
  demand(value !== "", "damaged.member", { where });
};

const EVENT = record({
  format: oneOf("bodycam.custody-event"),
  version: oneOf(1),
  subject: record({ id: EVENT_ID, kind: WORD }),
  subject_seq: count(),
  prev: optional(matching(/^[0-9a-f]{64}$/)),
  action: matching(/^(?=.{1,128}$)[a-z]+(?:_[a-z]+)*\.[a-z]+(?:_[a-z]+)*$/),
  actor: record({ id: EVENT_ID, kind: WORD, name: optional(ACTOR_NAME) }),
  at: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
  details: members,
});

export function parseEvent(bytes) {
  demand(bytes.length <= LONGEST_EVENT, "damaged.too_long");
  const event = parseCanonical(bytes);
  EVENT(event, "");
  demand((event.subject_seq === 0) === (event.prev === null), "event.first");
  const moment = new Date(`${event.at.slice(0, 23)}Z`);
  demand(!Number.isNaN(moment.getTime()) && moment.toISOString().slice(0, 23) === event.at.slice(0, 23), "event.moment");
  return event;
}

/** Reads and proves events; gives those that can be read, each with its leaf hash and whether the checkpoint proves it. */
export async function proveEvents(entries, checkpoint, report) {
  const events = [];
  let before = -1;
  for (const entry of entries) {
    await report.attempt(
      "events",
      () => {
        const event = readEvent(entry);
        events.push(event);
        demand(entry.leaf_index > before, "event.order");
        before = entry.leaf_index;
        demand(checkpoint, "event.no_checkpoint");
        checkInclusion(fromHex(event.leaf), BigInt(entry.leaf_index), checkpoint.size, entry.proof.map(fromHex), checkpoint.root);
        event.isProved = true;
      },
      { leaf: entry.leaf_index },
    );
    await report.breathe();
  }
  return events;
}

function readEvent(entry) {
  const bytes = fromBase64(entry.canonical);
  return { ...parseEvent(bytes), leaf: toHex(leafHash(bytes)), isProved: false };
}

/** The events of each subject, and whether they are its chain: proved, numbered 0, 1, 2 … and each naming the one before. */
export function chainEvents(events, report) {
  const chains = new Map();
  for (const event of events) {
    const name = `${event.subject.kind} ${event.subject.id}`;
    if (!chains.has(name)) chains.set(name, []);
    chains.get(name).push(event);
  }
  for (const [name, chain] of chains) {
    const broken = chain.findIndex(
      (event, position) => event.subject_seq !== position || event.prev !== (position ? chain[position - 1].leaf : null),
    );
    if (broken >= 0) report.fail("events", "event.chain_broken", { subject: name, number: broken });
    else report.pass("events", "event.chain", { subject: name, count: chain.length });
    chain.isWhole = broken < 0 && chain.every((event) => event.isProved);
  }
  return chains;
}
