import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Nothing came back over a connection that was kept from an earlier call: the other side may have closed it before this one was sent. */
export class LostConnectionError extends Error {
  override readonly name = 'LostConnectionError';
}

/** Idle ones, to each host: as many calls as a process has under way at once most of the time. */
const keptMax = 4;

/**
 * Posts JSON, over connections that are kept: `fetch` costs a process that asks ten times a second a good part of what it uses. Each post
 * ends within its deadline, and its answer is bounded. It follows no redirects. A kept connection that is idle keeps no process alive.
 */
export class KeptHttp {
  readonly #agents = {
    http: new HttpAgent({ keepAlive: true, maxFreeSockets: keptMax }),
    https: new HttpsAgent({ keepAlive: true, maxFreeSockets: keptMax }),
  };
  readonly #underWay = new Set<(because: Error) => void>();
  readonly #bytesMax: number;
  #closedBecause: Error | undefined;

  constructor({ bytesMax }: { /** Of an answer. */ readonly bytesMax: number }) {
    this.#bytesMax = bytesMax;
  }

  /**
   * `kept`: over a kept connection, if there is one. Not for what must not be sent twice: such a connection may be dead, and what became
   * of the call is then unknown.
   * @throws LostConnectionError, or what node:http and the deadline say
   */
  post(url: URL, body: string, { kept, deadlineMs }: { readonly kept: boolean; readonly deadlineMs: number }): Promise<HttpAnswer> {
    if (this.#closedBecause !== undefined) return Promise.reject(this.#closedBecause);
    const [send, keeping] = url.protocol === 'https:' ? [httpsRequest, this.#agents.https] : [httpRequest, this.#agents.http];
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return new Promise<HttpAnswer>((resolve, reject) => {
      const call = send(url, { method: 'POST', headers, agent: kept ? keeping : false });
      const giveUp = (because: Error): void => {
        over();
        reject(because); // before the connection says that it was ended
        call.destroy();
      };
      const deadline = setTimeout(() => giveUp(new Error(`no answer within ${Math.round(deadlineMs)} ms`)), deadlineMs);
      const over = (): void => {
        clearTimeout(deadline);
        this.#underWay.delete(giveUp);
      };
      let isAnswered = false;
      this.#underWay.add(giveUp);
      call.on('response', (response) => {
        isAnswered = true;
        this.#textOf(response).then((text) => {
          over();
          resolve({ status: response.statusCode ?? 0, text });
        }, giveUp);
      });
      call.on('error', (error: NodeJS.ErrnoException) => {
        const isLost = !isAnswered && call.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        giveUp(isLost ? new LostConnectionError(`a kept connection was lost: ${error.message}`, { cause: error }) : error);
      });
      call.end(body);
    });
  }

  /** Gives up the connections that are idle: after any doubt, those to a host that is gone would each cost a deadline. */
  forget(): void {
    for (const { freeSockets } of Object.values(this.#agents))
      for (const sockets of Object.values(freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  /** Posts under way, and later ones, fail with the reason. */
  close(because: Error): void {
    this.#closedBecause = because;
    for (const giveUp of this.#underWay) giveUp(because);
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  async #textOf(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > this.#bytesMax) throw new Error(`the answer is longer than ${this.#bytesMax} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }
}
