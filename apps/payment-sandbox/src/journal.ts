import { mkdir, open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { entrySchema, type Entry } from './operations.ts';

const pendingMax = 10_000;

/**
 * The sandbox's memory: one JSON line per answered operation, fsynced before the answer leaves (so it survives SIGKILL and a lost
 * machine). Entries that arrive while an fsync runs share the next one. A torn last line, never answered, is cut off on opening.
 * A failed write or fsync fails the append and every later one: what the disk holds is unknown then, and only a restart reads it.
 * It is never compacted: some 300 bytes an operation.
 */
export class Journal {
  readonly #file: FileHandle;
  #size: number;
  #pending: { readonly line: string; readonly done: () => void; readonly failed: (error: unknown) => void }[] = [];
  #flushing: Promise<void> | undefined;
  #broken: unknown;

  private constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  static async open(directory: string): Promise<{ journal: Journal; entries: readonly Entry[] }> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, 'operations.jsonl');
    const file = await open(path, 'a+', 0o600);
    const bytes = await readFile(path);
    const size = bytes.lastIndexOf('\n') + 1;
    await file.truncate(size);
    await file.datasync();
    const lines = bytes.subarray(0, size).toString('utf8').split('\n').slice(0, -1);
    return { journal: new Journal(file, size), entries: lines.map((line) => entrySchema.parse(JSON.parse(line))) };
  }

  get sizeBytes(): number {
    return this.#size;
  }

  /** Resolves when the entry is on disk. Entries stand in the order of the calls. */
  append(entry: Entry): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(new Error('the journal is broken; restart the sandbox', { cause: this.#broken }));
    if (this.#pending.length >= pendingMax) return Promise.reject(new Error(`more than ${pendingMax} operations wait for the disk`));
    return new Promise((done, failed) => {
      this.#pending.push({ line: `${JSON.stringify(entry)}\n`, done, failed });
      this.#flushing ??= this.#flush();
    });
  }

  async close(): Promise<void> {
    await this.#flushing;
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      try {
        const bytes = Buffer.from(batch.map((waiting) => waiting.line).join(''), 'utf8');
        await this.#file.appendFile(bytes);
        await this.#file.datasync();
        this.#size += bytes.length;
        for (const waiting of batch) waiting.done();
      } catch (error) {
        this.#broken = error;
        for (const waiting of [...batch, ...this.#pending]) waiting.failed(error);
        this.#pending = [];
      }
    }
    this.#flushing = undefined;
  }
}
