// Files and folders as they come from inputs and from drops; only names and handles, no bytes yet.

export function fromInput(input) {
  return [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/**
 * Reads what was dropped; has to be called within the event, and throws what the browser says when folders may not be read. Chromium gives a page
 * that was opened from a file no entries of folders, but handles; Firefox has no handles, but entries.
 */
export async function fromDrop(transfer) {
  const dropped = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile(), handle: item.getAsFileSystemHandle?.() }));
  const found = [];
  for (const { entry, file, handle } of dropped) {
    const folder = entry?.isDirectory ? await handle : null;
    if (folder) await walkHandle(folder, folder.name, found);
    else if (entry?.isDirectory) await walkEntry(entry, entry.name, found);
    else if (file) found.push({ path: file.name, file });
  }
  return found;
}

async function walkHandle(folder, path, found) {
  for await (const handle of folder.values()) {
    const inside = `${path}/${handle.name}`;
    if (handle.kind === "directory") await walkHandle(handle, inside, found);
    else found.push({ path: inside, file: await handle.getFile() });
  }
}

async function walkEntry(folder, path, found) {
  const reader = folder.createReader();
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return;
    for (const entry of entries) {
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory) await walkEntry(entry, inside, found);
      else found.push({ path: inside, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
    }
  }
}
