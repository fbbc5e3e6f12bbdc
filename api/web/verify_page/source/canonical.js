// JSON in its one spelling (RFC 8785): what is read must be, byte for byte, what would be written.
import { decodeText } from "./bytes.js";
import { demand, Fault } from "./faults.js";

const LONGEST_JSON = 64 * 1024 ** 2;
const MOST_DEPTH = 64;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

export function parseCanonical(bytes) {
  demand(bytes.length <= LONGEST_JSON, "damaged.too_long");
  const text = decodeText(bytes);
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Fault("damaged.json");
  }
  const pieces = [];
  write(value, pieces, 0);
  demand(pieces.join("") === text, "damaged.spelling");
  return value;
}

/** ECMAScript spells numbers and text as the standard asks (RFC 8785, section 3.2.2), and sorts by UTF-16 code units (3.2.3). */
function write(value, pieces, depth) {
  demand(depth <= MOST_DEPTH, "damaged.depth");
  if (typeof value === "string") {
    writeText(value, pieces);
  } else if (value === null || typeof value !== "object") {
    demand(typeof value !== "number" || Number.isFinite(value), "damaged.json");
    pieces.push(JSON.stringify(value));
  } else if (Array.isArray(value)) {
    pieces.push("[");
    value.forEach((item, position) => {
      if (position) pieces.push(",");
      write(item, pieces, depth + 1);
    });
    pieces.push("]");
  } else {
    writeMembers(value, pieces, depth);
  }
}

function writeMembers(members, pieces, depth) {
  pieces.push("{");
  Object.keys(members)
    .sort()
    .forEach((name, position) => {
      if (position) pieces.push(",");
      writeText(name, pieces);
      pieces.push(":");
      write(members[name], pieces, depth + 1);
    });
  pieces.push("}");
}

function writeText(text, pieces) {
  demand(!LONE_SURROGATE.test(text), "damaged.utf8");
  pieces.push(JSON.stringify(text));
}
