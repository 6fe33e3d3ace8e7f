import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Where a program that was told port 0 listens, as it says with `ready` in its log. @throws Error when it ends without */
export async function listeningAt(output: Readable): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const { msg, listen } = JSON.parse(line) as { msg: string; listen: string };
    if (msg !== 'ready') continue;
    output.resume(); // nobody reads on
    return listen;
  }
  throw new Error('the program ended before it was ready');
}
