// The little of X.509 (RFC 5280) that a time-stamp needs; signatures are the browser's own (WebCrypto: ECDSA and RSA).
import { isEqual } from "./bytes.js";
import { Der, TAG } from "./der.js";
import { demand, Fault } from "./faults.js";

const DIGEST_OF_SIGNATURE = {
  "1.2.840.113549.1.1.1": null, // rsaEncryption: the digest is named beside it
  "1.2.840.113549.1.1.11": "SHA-256",
  "1.2.840.113549.1.1.12": "SHA-384",
  "1.2.840.113549.1.1.13": "SHA-512",
  "1.2.840.10045.4.3.2": "SHA-256",
  "1.2.840.10045.4.3.3": "SHA-384",
  "1.2.840.10045.4.3.4": "SHA-512",
};
const EC_KEY = "1.2.840.10045.2.1";
const RSA_KEY = "1.2.840.113549.1.1.1";
const CURVES = { "1.2.840.10045.3.1.7": ["P-256", 32], "1.3.132.0.34": ["P-384", 48], "1.3.132.0.35": ["P-521", 66] };
const [USAGE, CONSTRAINTS, PURPOSES, COMMON_NAME] = ["2.5.29.15", "2.5.29.19", "2.5.29.37", "2.5.4.3"];
const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";

/** An algorithm's identifier; parameters other than NULL are not understood. */
export function algorithmOf(value) {
  const [identifier, ...parameters] = value.sequence(1);
  demand(parameters.length === 0 || (parameters.length === 1 && parameters[0].tag === TAG.NULL), "token.algorithm");
  return identifier.oid;
}

export function signatureDigest(identifier, beside) {
  demand(identifier in DIGEST_OF_SIGNATURE, "token.algorithm");
  const named = DIGEST_OF_SIGNATURE[identifier] ?? beside;
  demand(named && (!beside || named === beside), "token.algorithm");
  return named;
}

export function parseCertificate(bytes) {
  const whole = Der.parse(bytes);
  const [signed, algorithm, signature] = whole.sequence(3);
  let fields = signed.sequence(6);
  demand(fields[0].tag === 0xa0, "token.certificate");
  fields = fields.slice(1);
  const [serial, , issuer, validity, subject, key, ...rest] = fields;
  const [from, until] = validity.sequence(2);
  const extensions = rest.find((field) => field.tag === 0xa3);
  demand(serial.integer > 0n, "token.certificate");
  return {
    raw: whole.raw,
    signed: signed.raw,
    serial: serial.integer,
    issuer: issuer.raw,
    subject: subject.raw,
    name: commonName(subject),
    key: key.raw,
    from: from.time,
    until: until.time,
    digest: signatureDigest(algorithmOf(algorithm), null),
    signature: bitsOf(signature),
    ...readExtensions(extensions ? extensions.only(0xa3) : null),
  };
}

function readExtensions(list) {
  const found = { isAuthority: false, longestPath: null, purposes: null, mayCertify: null };
  const seen = new Set();
  for (const extension of list ? list.sequence() : []) {
    const [identifier, ...rest] = extension.sequence(2);
    const isCritical = rest.length > 1 && rest[0].expect(TAG.BOOLEAN).content[0] === 0xff;
    const value = Der.parse(rest[rest.length - 1].expect(TAG.OCTET_STRING).content);
    demand(!seen.has(identifier.oid), "token.certificate");
    seen.add(identifier.oid);
    if (identifier.oid === CONSTRAINTS) {
      const [authority, length] = value.sequence();
      found.isAuthority = authority?.tag === TAG.BOOLEAN && authority.content[0] === 0xff;
      found.longestPath = length ? Number(length.integer) : null;
    } else if (identifier.oid === PURPOSES) {
      found.purposes = { isCritical, list: value.sequence(1).map((one) => one.oid) };
    } else if (identifier.oid === USAGE) {
      found.mayCertify = Boolean(bitsOf(value)[0] & 0x04);
    } else {
      demand(!isCritical, "token.certificate");
    }
  }
  return found;
}

function bitsOf(value) {
  const { content } = value.expect(TAG.BIT_STRING);
  demand(content.length > 1 && content[0] < 8, "der.damaged");
  return content.subarray(1);
}

function commonName(subject) {
  for (const set of subject.sequence()) {
    for (const pair of set.expect(TAG.SET).children) {
      const [identifier, value] = pair.sequence(2);
      if (identifier.oid === COMMON_NAME) return new TextDecoder().decode(value.content);
    }
  }
  return "?";
}

/** Whether time-stamping is the certificate's only purpose, and critical (RFC 3161, section 2.3). */
export function isForTimeStamps({ purposes }) {
  return Boolean(purposes?.isCritical && purposes.list.length === 1 && purposes.list[0] === TIME_STAMPING);
}

export async function isSignedBy(publicKey, digest, signature, message) {
  const [algorithm, bits] = Der.parse(publicKey).sequence(2);
  const [kind, parameter] = algorithm.sequence(1);
  bitsOf(bits);
  const subtle = globalThis.crypto?.subtle;
  demand(subtle, "token.no_crypto");
  try {
    if (kind.oid === RSA_KEY) {
      const key = await subtle.importKey("spki", publicKey, { name: "RSASSA-PKCS1-v1_5", hash: digest }, false, ["verify"]);
      return await subtle.verify("RSASSA-PKCS1-v1_5", key, signature, message);
    }
    demand(kind.oid === EC_KEY && parameter && CURVES[parameter.oid], "token.algorithm");
    const [curve, width] = CURVES[parameter.oid];
    const key = await subtle.importKey("spki", publicKey, { name: "ECDSA", namedCurve: curve }, false, ["verify"]);
    return await subtle.verify({ name: "ECDSA", hash: digest }, key, fixedWidth(signature, width), message);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("token.algorithm");
  }
}

/** ECDSA in the form of the browser: both numbers at the curve's width, one after the other (IEEE P1363). */
function fixedWidth(signature, width) {
  const joined = new Uint8Array(2 * width);
  const numbers = Der.parse(signature).sequence(2);
  demand(numbers.length === 2 && numbers.every((number) => number.integer > 0n), "token.signature");
  numbers.forEach(({ content }, position) => {
    const digits = content[0] === 0 ? content.subarray(1) : content;
    demand(digits.length <= width, "token.signature");
    joined.set(digits, (position + 1) * width - digits.length);
  });
  return joined;
}

async function mayIssue(issuer, subject, below) {
  if (!isEqual(issuer.subject, subject.issuer) || !issuer.isAuthority || issuer.mayCertify === false) return false;
  if (issuer.longestPath !== null && issuer.longestPath < below) return false;
  return isSignedBy(issuer.key, subject.digest, subject.signature, subject.signed);
}

/** Follows issuers up to a root, all valid at a moment; gives the root, or null when none of the roots is reached. */
export async function findRoot(leaf, known, roots, moment) {
  let current = leaf;
  for (let below = 0; below < 8; below += 1) {
    demand(current.from <= moment && moment <= current.until, "token.not_valid_then");
    if (roots.some((root) => isEqual(root.raw, current.raw))) return current;
    let issuer = null;
    for (const one of known) {
      if (!issuer && !isEqual(one.raw, current.raw) && (await mayIssue(one, current, below))) issuer = one;
    }
    if (!issuer) return null;
    current = issuer;
  }
  return null;
}
