// Files and folders as they come from inputs and from drops; only names and handles, no bytes yet.

export function fromInput(input) {
  return [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Reads what was dropped; has to be called within the event, and throws what the browser says when folders may not be read. */
export async function fromDrop(transfer) {
  const entries = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile() }));
  const found = [];
  for (const { entry, file } of entries) {
    if (entry?.isDirectory) await walk(entry, entry.name, found);
    else if (file) found.push({ path: file.name, file });
  }
  return found;
}

async function walk(folder, path, found) {
  const reader = folder.createReader();
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return;
    for (const entry of entries) {
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory) await walk(entry, inside, found);
      else found.push({ path: inside, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
    }
  }
}
