// What members a JSON value must have: no more, no less, each of its kind.
import { demand } from "./faults.js";

export const text =
  (most = 65536) =>
  (value, where) => {
    demand(typeof value === "string" && [...value].length <= most, "damaged.member", { where });
  };

export const matching = (pattern) => (value, where) => {
  demand(typeof value === "string" && pattern.test(value), "damaged.member", { where });
};

export const oneOf =
  (...allowed) =>
  (value, where) =>
    demand(allowed.includes(value), "damaged.member", { where });

export const count =
  (least = 0) =>
  (value, where) => {
    demand(Number.isSafeInteger(value) && value >= least, "damaged.member", { where });
  };

export const truth = (value, where) => demand(typeof value === "boolean", "damaged.member", { where });

export const members = (value, where) => {
  demand(value !== null && typeof value === "object" && !Array.isArray(value), "damaged.member", { where });
};

export const optional = (check) => (value, where) => {
  if (value !== null) check(value, where);
};

export const list = (check) => (value, where) => {
  demand(Array.isArray(value), "damaged.member", { where });
  value.forEach((item, position) => check(item, `${where}[${position}]`));
};

export const record = (checks) => (value, where) => {
  members(value, where);
  const names = Object.keys(checks);
  demand(Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name)), "damaged.members", { where });
  for (const name of names) checks[name](value[name], where ? `${where}.${name}` : name);
};
