// Every check, in groups, as it is done. What holds is cut short on the screen after some hundreds; what fails never is.
import { element } from "./elements.js";

const GROUPS = ["container", "bag", "checkpoint", "time", "events", "contents", "manifests", "files", "complete"];
const MOST_PASSES = 300;

export class CheckList {
  constructor(root, texts, volumeCount) {
    Object.assign(this, { root, texts, volumeCount });
    this.groups = new Map();
    root.replaceChildren();
  }

  add(check) {
    const group = this.groups.get(check.group) ?? this.open(check.group);
    group.counts[check.status] += 1;
    if (check.status !== "pass" || group.counts.pass <= MOST_PASSES) group.list.append(this.row(check));
    const { pass, fail, note } = group.counts;
    group.summary.textContent = this.texts.say("checks.summary", { passes: pass, fails: fail, notes: note });
    group.more.hidden = pass <= MOST_PASSES;
    group.more.textContent = this.texts.say("checks.more", { count: pass - MOST_PASSES });
    if (check.status !== "pass") group.details.open = true;
    group.details.className = `group ${fail ? "is-fail" : note ? "is-note" : "is-pass"}`;
  }

  open(name) {
    const summary = element("span", { class: "quiet" });
    const list = element("ul");
    const more = element("p", { class: "quiet", hidden: true });
    const details = element("details", { class: "group" }, element("summary", {}, this.texts.say(`group.${name}`), summary), list, more);
    const group = { details, summary, list, more, counts: { pass: 0, fail: 0, note: 0 } };
    this.groups.set(name, group);
    this.root.append(...GROUPS.filter((one) => this.groups.has(one)).map((one) => this.groups.get(one).details));
    return group;
  }

  row(check) {
    const isOfMany = this.volumeCount > 1 && check.volume !== null;
    const volume = isOfMany ? `${this.texts.say("checks.volume", { number: check.volume + 1 })} · ` : "";
    const status = element("span", { class: "status" }, this.texts.say(`status.${check.status}`));
    return element("li", { class: `check is-${check.status}` }, status, element("span", { class: "name" }, volume + this.texts.check(check)));
  }
}
