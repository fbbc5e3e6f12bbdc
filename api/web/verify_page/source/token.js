// RFC 3161 tokens: CMS SignedData (RFC 5652) around a TSTInfo, its signer named by ESSCertIDv2 (RFC 5816, RFC 5035).
import { fromBase64, isEqual } from "./bytes.js";
import { algorithmOf, findRoot, isForTimeStamps, isSignedBy, parseCertificate, signatureDigest } from "./certificates.js";
import { Der, TAG } from "./der.js";
import { sha256 } from "./digests.js";
import { demand } from "./faults.js";

const LONGEST_TOKEN = 65536;
const SIGNED_DATA = "1.2.840.113549.1.7.2";
const TST_INFO = "1.2.840.113549.1.9.16.1.4";
const CONTENT_TYPE = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
const SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";
const SHA256 = "2.16.840.1.101.3.4.2.1";
const DIGESTS = { [SHA256]: "SHA-256", "2.16.840.1.101.3.4.2.2": "SHA-384", "2.16.840.1.101.3.4.2.3": "SHA-512" };
const OPTIONAL_ORDER = [TAG.SEQUENCE, TAG.BOOLEAN, TAG.INTEGER, 0xa0, 0xa1];

/** Certificates in a PEM file; other blocks in it are passed over. */
export function parsePem(text) {
  const blocks = [...text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g)];
  demand(blocks.length > 0, "token.pem");
  return blocks.map(([, body]) => parseCertificate(fromBase64(body.replace(/\s/g, ""))));
}

/**
 * What a token says about bytes: `{at, authority, root}`. Its own signature always has to hold; `root` is null when no given root is reached,
 * and then its time is a claim.
 */
export async function checkToken(bytes, stamped, roots) {
  demand(bytes.length <= LONGEST_TOKEN, "token.damaged");
  const token = readToken(bytes);
  const { at } = readContent(token.content, stamped);
  const leaf = token.certificates.find((one) => isEqual(one.issuer, token.issuer) && one.serial === token.serial);
  demand(leaf, "token.no_certificate");
  await checkAttributes(token, leaf);
  demand(isForTimeStamps(leaf), "token.purpose");
  demand(await isSignedBy(leaf.key, token.signatureDigest, token.signature, token.signed), "token.signature");
  const root = await findRoot(leaf, [...roots, ...token.certificates], roots, at);
  return { at, authority: leaf.name, root: root?.name ?? null };
}

function readToken(bytes) {
  const [kind, wrapped] = Der.parse(bytes).sequence(2);
  demand(kind.oid === SIGNED_DATA, "token.damaged");
  const parts = wrapped.only(0xa0).sequence(4);
  const [version, , encapsulated, ...optional] = parts;
  const [innerKind, inner] = encapsulated.sequence(2);
  demand(version.integer === 3n && innerKind.oid === TST_INFO, "token.damaged");
  const content = inner.only(0xa0).expect(TAG.OCTET_STRING).content;
  const bags = optional.slice(0, -1).filter((part) => part.tag === 0xa0);
  const items = bags.flatMap((bag) => bag.children).filter((item) => item.tag === TAG.SEQUENCE);
  return { content, certificates: items.map((item) => parseCertificate(item.raw)), ...readSigner(optional[optional.length - 1].only(TAG.SET)) };
}

function readSigner(signer) {
  const [version, identifier, digest, attributes, algorithm, signature] = signer.sequence(6);
  const [issuer, serial] = identifier.sequence(2);
  const name = DIGESTS[algorithmOf(digest)];
  demand(version.integer === 1n && name, "token.damaged");
  attributes.expect(0xa0);
  return {
    issuer: issuer.raw,
    serial: serial.integer,
    digest: name,
    signed: Uint8Array.from([TAG.SET, ...attributes.raw.subarray(1)]),
    attributes: readAttributes(attributes),
    signatureDigest: signatureDigest(algorithmOf(algorithm), name),
    signature: signature.expect(TAG.OCTET_STRING).content,
  };
}

function readAttributes(attributes) {
  const found = new Map();
  for (const attribute of attributes.children) {
    const [kind, values] = attribute.sequence(2);
    demand(!found.has(kind.oid), "token.damaged");
    found.set(kind.oid, values.only(TAG.SET));
  }
  return found;
}

function readContent(content, stamped) {
  const [version, policy, imprint, serial, moment, ...optional] = Der.parse(content).sequence(5);
  const [algorithm, digest] = imprint.sequence(2);
  demand(version.integer === 1n && policy.oid && serial.integer !== undefined, "token.damaged");
  const isSame = algorithmOf(algorithm) === SHA256 && isEqual(digest.expect(TAG.OCTET_STRING).content, sha256(stamped));
  demand(isSame, "token.other_content");
  const tags = optional.map((value) => value.tag);
  const ordered = OPTIONAL_ORDER.filter((tag) => tags.includes(tag));
  demand(tags.length === ordered.length && tags.every((tag, position) => tag === ordered[position]), "token.damaged");
  for (const extension of optional.filter((value) => value.tag === 0xa1).flatMap((group) => group.children)) {
    demand(!extension.children.some((part) => part.tag === TAG.BOOLEAN && part.content[0] !== 0), "token.damaged");
  }
  return { at: moment.expect(TAG.TIME).time };
}

async function digestBy(name, bytes) {
  const subtle = globalThis.crypto?.subtle;
  demand(subtle, "token.no_crypto");
  return new Uint8Array(await subtle.digest(name, bytes));
}

/** The signed attributes name the content and, by its digest, the very certificate (RFC 5652, section 11; RFC 5816, section 2.2.1). */
async function checkAttributes(token, leaf) {
  const [kind, digest, certificate] = [CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE_V2].map((name) => token.attributes.get(name));
  demand(kind && digest && certificate, "token.attributes");
  const isContent = isEqual(digest.expect(TAG.OCTET_STRING).content, await digestBy(token.digest, token.content));
  demand(kind.oid === TST_INFO && isContent, "token.attributes");
  const [list] = certificate.sequence(1);
  const fields = list.sequence(1)[0].sequence(1);
  const isNamed = fields[0].tag === TAG.SEQUENCE;
  const name = isNamed ? DIGESTS[algorithmOf(fields[0])] : "SHA-256";
  demand(name && fields.length > (isNamed ? 1 : 0), "token.attributes");
  demand(isEqual(fields[isNamed ? 1 : 0].expect(TAG.OCTET_STRING).content, await digestBy(name, leaf.raw)), "token.attributes");
}
