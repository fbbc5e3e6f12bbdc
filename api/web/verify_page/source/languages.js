// Texts, and values as people read them. What came from a package is spelled visibly and only ever becomes text.
import { TEXTS_EN } from "./texts_en.js";
import { TEXTS_ZH_CN } from "./texts_zh_cn.js";
import { TEXTS_ZH_TW } from "./texts_zh_tw.js";

export const LANGUAGES = {
  "zh-CN": { name: "简体中文", texts: TEXTS_ZH_CN },
  "zh-TW": { name: "繁體中文", texts: TEXTS_ZH_TW },
  en: { name: "English", texts: TEXTS_EN },
};
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}]/gu;
const LONGEST_SHOWN = 600;

/** The reader's language where the page has it; simplified Chinese otherwise. */
export function preferredLanguage(tags) {
  for (const tag of tags) {
    const lower = tag.toLowerCase();
    if (/^zh-(?:tw|hk|mo|hant)/.test(lower)) return "zh-TW";
    if (lower.startsWith("zh")) return "zh-CN";
    if (lower.startsWith("en")) return "en";
  }
  return "zh-CN";
}

/** Spells out what would not be seen or would turn the reading direction, so that no name looks like another. */
export function visible(value) {
  const text = String(value);
  const shown = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  return shown.replace(HIDDEN, (sign) => `\\u{${sign.codePointAt(0).toString(16).padStart(4, "0")}}`);
}

export class Texts {
  constructor(language) {
    this.language = language;
    this.texts = LANGUAGES[language].texts;
  }

  say(key, args = {}) {
    return this.texts[key].replace(/\{(\w+)\}/g, (_, name) => this.value(args[name]));
  }

  value(value) {
    if (value instanceof Date) return this.time(value);
    return typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? this.time(new Date(value)) : visible(value ?? "");
  }

  /** A check in words; where it is about is said first when its text does not say so. */
  check({ code, args }) {
    const template = this.texts[code];
    const where = args.path ?? args.clip ?? (args.leaf === undefined ? undefined : `#${args.leaf}`);
    const isSaid = ["{path}", "{clip}", "{leaf}"].some((name) => template.includes(name));
    const said = this.say(code, args);
    if (args.about) return `${this.say(args.about)}: ${said}`;
    return where === undefined || where === "" || isSaid ? said : `${visible(where)}: ${said}`;
  }

  action(name) {
    return globalThis.custodyActions?.[this.language]?.[name] ?? visible(name);
  }

  /** Seconds are enough to read; the zone is that of this computer and always said. */
  time(moment) {
    const pad = (number) => String(number).padStart(2, "0");
    const offset = -moment.getTimezoneOffset();
    const zone = `${offset < 0 ? "−" : "+"}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`;
    const day = `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
    return `${day} ${pad(moment.getHours())}:${pad(moment.getMinutes())}:${pad(moment.getSeconds())} ${zone}`;
  }

  size(bytes) {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
    return `${(bytes / 1024 ** step).toFixed(step ? 1 : 0)} ${units[step]}`;
  }

  duration(seconds) {
    const whole = Math.max(1, Math.round(seconds));
    const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
    const pad = (number) => String(number).padStart(2, "0");
    return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
  }
}
