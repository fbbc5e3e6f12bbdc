// Reads near each other are served from one slice, so that an archive of 200,000 entries is not 200,000 reads.
import { demand } from "./faults.js";

const WINDOW_BYTES = 256 * 1024;

export class Window {
  constructor(blob) {
    this.blob = blob;
    this.start = 0;
    this.held = new Uint8Array(0);
  }

  async bytes(offset, length) {
    demand(offset >= 0 && offset + length <= this.blob.size, "zip.directory");
    if (offset < this.start || offset + length > this.start + this.held.length) {
      this.start = offset;
      this.held = new Uint8Array(await this.blob.slice(offset, offset + Math.max(length, WINDOW_BYTES)).arrayBuffer());
    }
    return this.held.subarray(offset - this.start, offset - this.start + length);
  }

  async view(offset, length) {
    const bytes = await this.bytes(offset, length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }
}
