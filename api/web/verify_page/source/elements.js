// Elements are made here and filled with text; nothing on this page ever becomes markup.

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") made.className = value;
    else if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A list of facts from `[term, value]`; empty values are left out. */
export function facts(pairs) {
  const list = element("dl");
  for (const [term, value, style = "name"] of pairs) {
    if (value === null || value === undefined || value === "") continue;
    list.append(element("dt", {}, term), element("dd", { class: style }, value));
  }
  return list;
}

export function byId(id) {
  return document.getElementById(id);
}
