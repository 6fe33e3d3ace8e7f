/** What happened, in order: its hash always, its text if it is wanted. */
export class Trace {
  readonly #lines: string[] | undefined;
  #high = 0xdeadbeef;
  #low = 0x41c6ce57;
  step = 0;

  constructor(isKept: boolean) {
    this.#lines = isKept ? [] : undefined;
  }

  note(line: string): void {
    this.#mix(line);
    this.#lines?.push(`${this.step} ${line}`);
  }

  /** For what has parts that are not worth a text: the text is made only if it is kept. */
  noteParts(region: string, topic: string, offset: number, textOf: () => string): void {
    this.#mix(region);
    this.#mix(topic);
    this.#low = Math.imul(this.#low ^ offset, 1597334677);
    this.#lines?.push(`${this.step} ${textOf()}`);
  }

  get lines(): readonly string[] | undefined {
    return this.#lines;
  }

  /** 64 bits, hex. */
  get hash(): string {
    const hex = (half: number): string => (half >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  /** Twice 32 bits, as cyrb53 mixes (bryc, public domain): no cryptography, only told apart. */
  #mix(text: string): void {
    let [high, low] = [this.#high ^ this.step, this.#low];
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      high = Math.imul(high ^ code, 2654435761);
      low = Math.imul(low ^ code, 1597334677);
    }
    this.#high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
    this.#low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  }
}
