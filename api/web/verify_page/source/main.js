// The page: what is chosen, what is trusted, the run, and the language of it all.
import { encodeText } from "./bytes.js";
import { CheckList } from "./check_list.js";
import { findSources } from "./container.js";
import { prepareDigests } from "./digests.js";
import { byId, element } from "./elements.js";
import { Fault } from "./faults.js";
import { LANGUAGES, preferredLanguage, Texts, visible } from "./languages.js";
import { parseKey } from "./note.js";
import { showOutcome } from "./outcome.js";
import { fromDrop, fromInput } from "./picking.js";
import { CancelledError, Report } from "./report.js";
import { parsePem } from "./token.js";
import { verifySources } from "./verify.js";

const state = { texts: null, sources: [], report: null, outcome: null, complaint: null, checkList: null };

function say(key, args) {
  return state.texts.say(key, args);
}

function setLanguage(language) {
  state.texts = new Texts(language);
  document.documentElement.lang = language;
  document.title = say("page.title");
  for (const one of document.querySelectorAll("[data-text]")) one.textContent = say(one.dataset.text);
  byId("languages").setAttribute("aria-label", say("page.language"));
  for (const button of byId("languages").children) button.setAttribute("aria-pressed", String(button.lang === language));
  showChosen();
  complain(state.complaint);
  if (state.report) {
    state.checkList = new CheckList(byId("checks"), state.texts, state.sources.length);
    for (const check of state.report.checks) state.checkList.add(check);
  }
  if (state.outcome) showOutcome(state.outcome, state.texts, byId("outcome"));
}

function showChosen() {
  const rows = state.sources.map((source, position) => {
    const remove = element("button", { class: "button small", type: "button", "aria-label": say("choose.remove", { name: source.name }) }, "×");
    remove.addEventListener("click", () => {
      state.sources.splice(position, 1);
      showChosen();
    });
    const kind = element("span", { class: "quiet" }, `${say(`kind.${source.kind}`)} · ${state.texts.size(source.size)}`);
    return element("li", {}, element("span", { class: "name" }, visible(source.name)), kind, remove);
  });
  byId("chosen").replaceChildren(...(rows.length ? rows : [element("li", { class: "quiet" }, say("choose.none"))]));
}

function choose(found) {
  const known = new Set(state.sources.map((source) => `${source.kind} ${source.name} ${source.size}`));
  state.sources.push(...findSources(found).filter((source) => !known.has(`${source.kind} ${source.name} ${source.size}`)));
  complain(null);
  showChosen();
}

/** Says what keeps the run from beginning; `{key, args}`, in which another text may be named by `{text}`. */
function complain(complaint) {
  state.complaint = complaint;
  byId("complaint").hidden = !complaint;
  if (!complaint) return;
  const { field, fault, ...args } = complaint.args ?? {};
  byId("complaint").textContent = say(complaint.key, { ...args, field: field && say(field), fault: fault && state.texts.check(fault) });
}

function readField(id, name, read) {
  try {
    return read(byId(id).value);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    byId(id).closest("details")?.setAttribute("open", "");
    byId(id).focus();
    complain({ key: "run.field_wrong", args: { field: name, fault: { code: error.code, args: error.args } } });
    return undefined;
  }
}

async function readTrust() {
  await prepareDigests();
  if (!byId("log-key").value.trim()) {
    complain({ key: "run.need_key" });
    byId("log-key").focus();
    return null;
  }
  const lines = (text) =>
    text
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
  const trust = {
    logKey: readField("log-key", "trust.log_key", (text) => parseKey(text, "log")),
    witnessKeys: readField("witness-keys", "trust.witness_keys", (text) => lines(text).map((line) => parseKey(line, "witness"))),
    roots: readField("roots", "trust.roots", (text) => (text.trim() ? parsePem(text) : [])),
    checkpoint: byId("checkpoint").value.trim() ? encodeText(`${byId("checkpoint").value.trimEnd()}\n`) : null,
  };
  return Object.values(trust).includes(undefined) ? null : trust;
}

async function run() {
  complain(null);
  if (!state.sources.length) return complain({ key: "run.need_package" });
  const trust = await readTrust();
  if (!trust) return undefined;
  begin();
  const { report } = state;
  try {
    const outcome = await verifySources([...state.sources], trust, report);
    end({ ...outcome, logKey: trust.logKey.spelled });
  } catch (error) {
    stopAfter(error);
  }
  return undefined;
}

function begin() {
  const total = state.sources.reduce((sum, source) => sum + source.size, 0);
  const started = performance.now();
  state.outcome = null;
  byId("outcome").replaceChildren();
  byId("checks-card").hidden = false;
  state.checkList = new CheckList(byId("checks"), state.texts, state.sources.length);
  state.report = new Report({
    onCheck: (check) => state.checkList.add(check),
    onProgress: (done) => showProgress(done, total, (performance.now() - started) / 1000),
  });
  showProgress(0, total, 0);
  setRunning(true);
}

function showProgress(done, total, seconds) {
  byId("progress-bar").value = total ? Math.min(1, done / total) : 0;
  const left = seconds > 1 && done > 0 ? ` · ${say("run.left", { time: state.texts.duration((seconds * (total - done)) / done) })}` : "";
  byId("progress-text").textContent = say("run.progress", { done: state.texts.size(Math.min(done, total)), total: state.texts.size(total) }) + left;
}

function setRunning(isRunning) {
  byId("progress").hidden = !isRunning;
  byId("stop").hidden = !isRunning;
  byId("start").disabled = isRunning;
  byId("start").textContent = say(isRunning ? "run.busy" : "run.again");
  byId("start").dataset.text = isRunning ? "run.busy" : "run.again";
  document.body.dataset.state = isRunning ? "running" : "done";
}

function end(outcome) {
  const counts = { pass: 0, fail: 0, note: 0 };
  for (const { status } of state.report.checks) counts[status] += 1;
  state.outcome = { ...outcome, counts, at: new Date() };
  showOutcome(state.outcome, state.texts, byId("outcome"));
  setRunning(false);
  byId("announce").textContent = byId("outcome").querySelector("h2").textContent;
  byId("outcome").focus({ preventScroll: true });
  byId("outcome").scrollIntoView({ block: "start" });
}

function stopAfter(error) {
  if (error instanceof CancelledError) {
    complain({ key: "run.stopped" });
    setRunning(false);
    return;
  }
  state.report.fail("container", "read.failed", { reason: `${error.name}: ${error.message}` });
  end({ volumes: [], packages: [], isReadable: false, isGood: false, logKey: "" });
}

async function drop(event) {
  event.preventDefault();
  byId("drop").classList.remove("is-over");
  try {
    choose(await fromDrop(event.dataTransfer));
  } catch {
    complain({ key: "choose.folder_refused" });
  }
}

async function readInto(input) {
  const texts = await Promise.all([...input.files].map((file) => file.slice(0, 1024 ** 2).text()));
  byId(input.dataset.into).value = texts.join("\n");
  input.value = "";
}

function listen() {
  for (const id of ["files", "folder"]) {
    byId(id).addEventListener("change", ({ target }) => {
      choose(fromInput(target));
      target.value = "";
    });
  }
  for (const input of document.querySelectorAll("input[data-into]")) input.addEventListener("change", () => readInto(input));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    byId("drop").classList.add("is-over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) byId("drop").classList.remove("is-over");
  });
  document.addEventListener("drop", drop);
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  byId("stop").addEventListener("click", () => {
    state.report.isCancelled = true;
  });
}

function start() {
  for (const [language, { name }] of Object.entries(LANGUAGES)) {
    const button = element("button", { type: "button", lang: language }, name);
    button.addEventListener("click", () => setLanguage(language));
    byId("languages").append(button);
  }
  listen();
  setLanguage(preferredLanguage(navigator.languages));
}

start();
