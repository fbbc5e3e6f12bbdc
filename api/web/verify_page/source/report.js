// What was checked, in order, as it happens; and the few moments in which the page may draw.
import { Fault } from "./faults.js";

const DRAW_EVERY_MS = 40;

export class CancelledError extends Error {}

/** Collects checks `{volume, group, status, code, args}` and passes each on to a listener with `onCheck` and `onProgress`. */
export class Report {
  constructor(listener) {
    this.listener = listener;
    this.checks = [];
    this.volume = null;
    this.doneBytes = 0;
    this.isCancelled = false;
    this.drawnAt = performance.now();
  }

  pass(group, code, args = {}) {
    this.add(group, "pass", code, args);
  }

  note(group, code, args = {}) {
    this.add(group, "note", code, args);
  }

  fail(group, code, args = {}) {
    this.add(group, "fail", code, args);
  }

  add(group, status, code, args) {
    const check = { volume: this.volume, group, status, code, args };
    this.checks.push(check);
    this.listener.onCheck(check);
  }

  get failures() {
    return this.checks.filter((check) => check.status === "fail");
  }

  /** Does a step; a fault in it is reported, and then nothing is given. */
  async attempt(group, step, args = {}) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.fail(group, error.code, { ...args, ...error.args });
      return undefined;
    }
  }

  async advance(bytes) {
    this.doneBytes += bytes;
    this.listener.onProgress(this.doneBytes);
    await this.breathe();
  }

  /** Lets the page draw now and then; by a message, because timers stand still in a window that is not looked at. */
  async breathe() {
    if (this.isCancelled) throw new CancelledError();
    if (performance.now() - this.drawnAt < DRAW_EVERY_MS) return;
    await new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    });
    this.drawnAt = performance.now();
  }
}
