import type { QueuedCommand } from './decide-batch.ts';

/** The commands that wait for a shard's writer, in the order in which they came. */
export class CommandQueue<Command> {
  readonly #commands: (QueuedCommand<Command> & { readonly bytes: number })[] = [];

  get length(): number {
    return this.#commands.length;
  }

  push(command: QueuedCommand<Command>, bytes: number): void {
    this.#commands.push({ ...command, bytes });
  }

  /** The first ones that fit into one batch, at least one when there is any. They stay until they are `take`n. */
  batch(commandsMax: number, bytesMax: number): readonly QueuedCommand<Command>[] {
    let bytes = 0;
    let count = 0;
    for (const command of this.#commands) {
      bytes += command.bytes;
      if (count > 0 && (count >= commandsMax || bytes > bytesMax)) break;
      count += 1;
    }
    return this.#commands.slice(0, count);
  }

  take(count = this.#commands.length): readonly QueuedCommand<Command>[] {
    return this.#commands.splice(0, count);
  }
}
