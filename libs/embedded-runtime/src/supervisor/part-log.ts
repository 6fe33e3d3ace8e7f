import { copyFileSync, openSync, closeSync, mkdirSync, renameSync, statSync, truncateSync, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * A part's log file. The child writes to it directly, in append mode: nothing passes through the supervisor, and a supervisor that
 * dies blocks nobody. Bounded: beyond `maxBytes` it moves to `.1` (lines written during that copy may be lost), as at every start.
 */
export class PartLog {
  readonly path: string;
  readonly #maxBytes: number;

  constructor(path: string, maxBytes: number) {
    this.path = path;
    this.#maxBytes = maxBytes;
  }

  /** To be called once, before the first child. */
  rotate(): void {
    mkdirSync(dirname(this.path), { recursive: true });
    if (existsSync(this.path)) renameSync(this.path, `${this.path}.1`);
  }

  /** A descriptor for a child; the caller closes it once the child has its own. */
  open(): { readonly fd: number; close(): void } {
    const fd = openSync(this.path, 'a', 0o644);
    return { fd, close: () => closeSync(fd) };
  }

  /** To be called now and then. A child in append mode goes on at the new end. */
  keepBounded(): void {
    if (!existsSync(this.path) || statSync(this.path).size <= this.#maxBytes) return;
    copyFileSync(this.path, `${this.path}.1`);
    truncateSync(this.path, 0);
  }

  tail(maxBytes: number): Promise<string> {
    return tailOf(this.path, maxBytes);
  }
}

/** The last bytes of a file, from the start of a line; empty when there is no such file. */
export async function tailOf(path: string, maxBytes: number): Promise<string> {
  if (!existsSync(path)) return '';
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const length = Math.min(size, maxBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const text = buffer.toString('utf8', 0, bytesRead);
    return size > maxBytes ? text.slice(text.indexOf('\n') + 1) : text;
  } finally {
    await file.close();
  }
}
