// What came of it: the verdict, the facts of each package, and every file with its chain of custody.
import { GOOD, lastStored } from "./content_checks.js";
import { element, facts } from "./elements.js";
import { visible } from "./languages.js";

const MOST_ITEMS = 2000;
const MOST_NAMED = 50;

export function showOutcome(outcome, texts, root) {
  root.replaceChildren(banner(outcome, texts), ...outcome.packages.map((one) => packageCard(one, outcome, texts)));
}

function banner({ isGood, isReadable, counts }, texts) {
  const kind = isGood ? "good" : isReadable ? "bad" : "unreadable";
  const print = element("button", { class: "button small", type: "button" }, texts.say("result.print"));
  print.addEventListener("click", printAll);
  return element(
    "section",
    { class: `verdict is-${isGood ? "good" : "bad"}` },
    element("h2", {}, texts.say(`result.${kind}`)),
    element("p", {}, texts.say(`result.${kind}_text`, { fails: counts.fail })),
    counts.note ? element("p", { class: "quiet" }, texts.say("result.notes", { notes: counts.note })) : null,
    element("p", { class: "quiet" }, texts.say("result.scope")),
    print,
  );
}

/** Paper cannot be unfolded. */
function printAll() {
  const folded = [...document.querySelectorAll("main section details:not([open])")].filter((one) => !one.closest("form"));
  for (const one of folded) one.open = true;
  globalThis.print();
  for (const one of folded) one.open = false;
}

function packageCard(one, outcome, texts) {
  const card = element("section", { class: "card" });
  const { evidence } = one.parts[0];
  const contents = one.parts.find((part) => part.isProved)?.contents;
  const made = one.parts.find((part) => part.made)?.made;
  const state = one.isComplete ? "fact.complete" : one.missing ? "fact.incomplete" : "fact.unknown";
  const badge = element("span", { class: `badge is-${one.isComplete ? "good" : "bad"}` }, texts.say(state));
  card.append(element("h2", {}, texts.say("fact.title")));
  card.append(
    facts([
      [texts.say("fact.package"), visible(one.id ?? "?"), "mono"],
      [texts.say("fact.completeness"), badge],
      [texts.say("fact.recipient"), contents && visible(contents.recipient)],
      [texts.say("fact.purpose"), contents && visible(contents.purpose)],
      [texts.say("fact.case"), contents?.case && visible(`${contents.case.number} ${contents.case.title}`)],
      [texts.say("fact.made"), made && texts.value(made.at)],
      [texts.say("fact.maker"), made && visible(made.actor.name ?? made.actor.id)],
      [texts.say("fact.log"), one.parts[0].checkpoint && visible(evidence.log_origin), "mono"],
      [texts.say("fact.time"), provedTime(one.parts, texts)],
      [texts.say("fact.sources"), one.parts.map((part) => visible(part.source.name)).join(" · ")],
      [texts.say("fact.key"), visible(outcome.logKey), "mono"],
      [texts.say("fact.checked"), texts.time(outcome.at)],
    ]),
  );
  card.append(...missingLines(one, texts), ...itemList(one.items, texts));
  return card;
}

function provedTime(parts, texts) {
  const proved = parts.flatMap((part) => part.times).filter((time) => time.root);
  if (!proved.length) return texts.say("fact.time_none");
  return proved.map((time) => `${texts.time(time.at)} · ${visible(time.authority)}`).join("; ");
}

function missingLines({ missing, isComplete }, texts) {
  return Object.entries(isComplete || !missing ? {} : missing)
    .filter(([, list]) => list.length)
    .map(([kind, list]) => {
      const named = list.slice(0, MOST_NAMED).map(visible).join(", ") + (list.length > MOST_NAMED ? ` … (${list.length})` : "");
      return element("p", { class: "complaint" }, texts.say(`missing.${kind}`, { list: "" }), element("span", { class: "mono" }, named));
    });
}

function itemList(items, texts) {
  const ordered = [...items].sort((one, other) => GOOD.has(one.verdict) - GOOD.has(other.verdict));
  const shown = ordered.slice(0, MOST_ITEMS).map((item) => itemRow(item, texts));
  const heading = element("h3", {}, `${texts.say("files.title")} · ${texts.say("files.count", { count: items.length })}`);
  const rest = ordered.length - shown.length;
  return [heading, ...shown, rest > 0 ? element("p", { class: "quiet" }, texts.say("checks.more", { count: rest })) : ""];
}

function itemRow(item, texts) {
  const tone = GOOD.has(item.verdict) ? "good" : "bad";
  const name = item.stated?.original_name ?? item.paths[0].split("/").pop();
  const size = item.digests ? texts.size(item.digests.size) : "";
  const head = element(
    "div",
    { class: "item-head" },
    element("span", { class: `badge is-${tone}` }, texts.say(`verdict.${item.verdict}`)),
    element("span", { class: "name" }, visible(name)),
    element("span", { class: "quiet" }, size),
  );
  const reason = texts.say(item.reason, { path: item.paths[0], at: item.since });
  const details = element("details", {}, element("summary", {}, texts.say("files.details")));
  details.append(itemFacts(item, texts));
  if (item.chain?.length) details.append(chainTable(item.chain, texts));
  return element("article", { class: "item" }, head, element("p", { class: "name" }, reason), originOf(item, texts), details);
}

function originOf(item, texts) {
  if (item.source) {
    const { received_from: from, document, importer } = item.source;
    return element("p", { class: "name" }, texts.say("files.source", { since: item.since, from, document, importer }));
  }
  if (item.recipe) return element("p", { class: "name" }, texts.say("files.recipe", { clip: item.clipId, recipe: JSON.stringify(item.recipe) }));
  return null;
}

function itemFacts({ stated, digests, paths, chain }, texts) {
  const stored = chain?.length ? lastStored(chain) : null;
  return facts([
    [texts.say("files.stated_name"), stated && visible(stated.original_name)],
    [texts.say("files.recorder"), stated?.recorder && visible(stated.recorder)],
    [texts.say("files.officer"), stated?.officer && visible(stated.officer)],
    [texts.say("files.recorded"), stated?.recorded_at && texts.value(stated.recorded_at)],
    [texts.say("files.stored"), stored && texts.value(stored.at)],
    ["SHA-256", digests?.sha256, "mono"],
    ["SM3", digests?.sm3, "mono"],
    [texts.say("files.paths"), paths.map(visible).join(" · "), "mono"],
  ]);
}

function chainTable(chain, texts) {
  const heading = element("tr", {}, ...["when", "what", "who"].map((name) => element("th", { scope: "col" }, texts.say(`files.chain_${name}`))));
  const rows = chain.map((event) =>
    element(
      "tr",
      {},
      element("td", { class: "when" }, texts.value(event.at)),
      element("td", { class: "name" }, texts.action(event.action)),
      element("td", { class: "name" }, visible(event.actor.name ?? event.actor.id)),
    ),
  );
  const table = element("table", { "aria-label": texts.say("files.chain_title") }, element("thead", {}, heading), element("tbody", {}, ...rows));
  return element("div", { class: "scroll" }, table);
}
