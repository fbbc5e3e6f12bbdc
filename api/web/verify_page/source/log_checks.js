// The checkpoint, its witnesses, a checkpoint from elsewhere, and time (docs/formats/evidence-package.md, checks 3 and 4).
import { encodeText, fromHex, isEqual } from "./bytes.js";
import { readTagFile } from "./container.js";
import { demand } from "./faults.js";
import { checkConsistency } from "./merkle.js";
import { checkLines, followTransitions, openCheckpoint, parseCheckpoint, parseNote } from "./note.js";
import { checkToken } from "./token.js";

const KEY_NOTE = /^log\/keys\/([1-9][0-9]*)\.note$/;

export async function checkLog(files, evidence, trust, report) {
  const logKeys = (await report.attempt("checkpoint", () => readLogKeys(files, trust.logKey, report))) ?? [trust.logKey];
  const checkpoint = await report.attempt("checkpoint", async () => {
    const opened = openCheckpoint(await readTagFile(files, "log/checkpoint"), logKeys);
    demand(opened.origin === trust.logKey.name && opened.origin === evidence.log_origin, "checkpoint.origin");
    demand(opened.size === BigInt(evidence.checkpoint_size), "checkpoint.size");
    report.pass("checkpoint", "checkpoint.signed", { origin: opened.origin, size: opened.size.toString() });
    return opened;
  });
  if (checkpoint) {
    await checkWitnesses(checkpoint, trust.witnessKeys, report);
    if (trust.checkpoint) {
      const compare = () => compareCheckpoint(checkpoint, logKeys, evidence, trust.checkpoint, report);
      await report.attempt("checkpoint", compare, { about: "trust.checkpoint" });
    }
  }
  return checkpoint;
}

async function readLogKeys(files, logKey, report) {
  const names = [...files.keys()].filter((path) => KEY_NOTE.test(path));
  names.sort((one, other) => Number(KEY_NOTE.exec(one)[1]) - Number(KEY_NOTE.exec(other)[1]));
  const notes = [];
  for (const name of names) notes.push(await readTagFile(files, name));
  const keys = followTransitions(logKey, notes);
  if (keys.length > 1) report.pass("checkpoint", "transition.followed", { count: keys.length - 1 });
  return keys;
}

async function checkWitnesses(checkpoint, witnessKeys, report) {
  for (const key of witnessKeys) {
    await report.attempt("checkpoint", () => {
      const signed = checkLines(checkpoint.note, [key]);
      if (signed.length) report.pass("checkpoint", "witness.signed", { name: key.name, at: signed[0].at });
      else report.note("checkpoint", "witness.absent", { name: key.name });
    });
  }
}

function compareCheckpoint(ours, logKeys, evidence, bytes, report) {
  const given = openCheckpoint(bytes, logKeys);
  demand(given.origin === ours.origin, "checkpoint.other_log");
  const args = { given: given.size.toString(), ours: ours.size.toString() };
  if (given.size === ours.size) {
    demand(isEqual(given.root, ours.root), "checkpoint.forked", args);
    report.pass("checkpoint", "checkpoint.same", args);
    return;
  }
  const token = evidence.tokens.find((one) => parseCheckpoint(stampedText(one.checkpoint)).size === given.size);
  if (!token) {
    report.note("checkpoint", "checkpoint.unconnected", args);
    return;
  }
  demand(given.size < ours.size, "proof.bounds");
  checkConsistency(given.size, ours.size, token.consistency.map(fromHex), given.root, ours.root);
  report.pass("checkpoint", "checkpoint.grew", args);
}

/** Signature lines may stand beneath the text that was stamped. */
function stampedText(note) {
  return note.includes("\n\n") ? parseNote(encodeText(note)).text : note;
}

/** What tokens say about time: `{at, authority, root}` of each that holds. */
export async function checkTimes(files, evidence, checkpoint, roots, report) {
  const times = [];
  const stamps = [{ path: "log/checkpoint.tst", text: () => checkpoint.text }];
  for (const token of evidence.tokens) stamps.push({ path: token.path, text: () => connectedText(token, checkpoint) });
  for (const { path, text } of stamps) {
    await report.attempt(
      "time",
      async () => {
        const time = await checkToken(await readTagFile(files, path), encodeText(text()), roots);
        times.push({ ...time, path });
        const args = { path, at: time.at, authority: time.authority, root: time.root };
        if (time.root) report.pass("time", "time.proved", args);
        else report.note("time", roots.length ? "time.other_root" : "time.no_root", args);
      },
      { path },
    );
  }
  if (roots.length && times.length && !times.some((time) => time.root)) report.fail("time", "time.none_proved");
  return times;
}

function connectedText(token, checkpoint) {
  const text = stampedText(token.checkpoint);
  const older = parseCheckpoint(text);
  demand(older.origin === checkpoint.origin, "checkpoint.other_log");
  checkConsistency(older.size, checkpoint.size, token.consistency.map(fromHex), older.root, checkpoint.root);
  return text;
}
