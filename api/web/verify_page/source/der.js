// DER (ITU-T X.690, section 10), read strictly: definite lengths in their shortest form, low tag numbers, nothing left over.
import { demand } from "./faults.js";

export const TAG = { BOOLEAN: 1, INTEGER: 2, BIT_STRING: 3, OCTET_STRING: 4, NULL: 5, OID: 6, UTC_TIME: 0x17, TIME: 0x18, SEQUENCE: 0x30, SET: 0x31 };
const LONGEST_OID = 64;

export class Der {
  constructor(tag, content, raw) {
    Object.assign(this, { tag, content, raw });
  }

  static parse(bytes) {
    const value = read(bytes);
    demand(value.raw.length === bytes.length, "der.damaged");
    return value;
  }

  expect(tag) {
    demand(this.tag === tag, "der.damaged");
    return this;
  }

  get children() {
    const found = [];
    for (let rest = this.content; rest.length; rest = rest.subarray(found[found.length - 1].raw.length)) found.push(read(rest));
    return found;
  }

  /** The values of a SEQUENCE, at least this many. */
  sequence(least = 0) {
    const { children } = this.expect(TAG.SEQUENCE);
    demand(children.length >= least, "der.damaged");
    return children;
  }

  /** The one value inside of a constructed value. */
  only(tag) {
    const { children } = this.expect(tag);
    demand(children.length === 1, "der.damaged");
    return children[0];
  }

  get integer() {
    const { content } = this.expect(TAG.INTEGER);
    const isPadded = content.length > 1 && (content[0] === 0 ? content[1] < 0x80 : content[0] === 0xff && content[1] >= 0x80);
    demand(content.length > 0 && !isPadded, "der.damaged");
    return BigInt.asIntN(
      8 * content.length,
      content.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n),
    );
  }

  get oid() {
    const { content } = this.expect(TAG.OID);
    demand(content.length > 0 && content.length <= LONGEST_OID && content[content.length - 1] < 0x80, "der.damaged");
    const arcs = [];
    let value = 0n;
    content.forEach((septet, position) => {
      demand(septet !== 0x80 || (position > 0 && content[position - 1] >= 0x80), "der.damaged");
      value = (value << 7n) | BigInt(septet & 0x7f);
      if (septet < 0x80) {
        arcs.push(value);
        value = 0n;
      }
    });
    const first = arcs[0] < 80n ? arcs[0] / 40n : 2n;
    return [first, arcs[0] - 40n * first, ...arcs.slice(1)].join(".");
  }

  /** A GeneralizedTime as RFC 3161 (section 2.4.2) spells it, or a UTCTime of a certificate (RFC 5280, section 4.1.2.5.1). */
  get time() {
    demand(this.tag === TAG.TIME || this.tag === TAG.UTC_TIME, "der.damaged");
    const spelled = String.fromCharCode(...this.content);
    const full = this.tag === TAG.TIME ? spelled : `${Number(spelled.slice(0, 2)) < 50 ? "20" : "19"}${spelled}`;
    const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{0,5}[1-9]))?Z$/.exec(full);
    demand(match && !(match[7] && this.tag === TAG.UTC_TIME), "der.damaged");
    const [, year, month, day, hour, minute, second, fraction = ""] = match;
    const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, "0").slice(0, 3)}Z`;
    const moment = new Date(iso);
    demand(!Number.isNaN(moment.getTime()) && moment.toISOString() === iso, "der.damaged");
    return moment;
  }
}

function read(bytes) {
  demand(bytes.length >= 2 && (bytes[0] & 0x1f) !== 0x1f, "der.damaged");
  let [length, start] = [bytes[1], 2];
  if (length >= 0x80) {
    const octets = length & 0x7f;
    start += octets;
    demand(octets >= 1 && octets <= 4 && bytes.length >= start && bytes[2] !== 0, "der.damaged");
    length = bytes.subarray(2, start).reduce((value, byte) => value * 256 + byte, 0);
    demand(length >= 0x80, "der.damaged");
  }
  demand(start + length <= bytes.length, "der.damaged");
  return new Der(bytes[0], bytes.subarray(start, start + length), bytes.subarray(0, start + length));
}
