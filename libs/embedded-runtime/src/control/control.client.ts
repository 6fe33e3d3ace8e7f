import { request } from 'node:http';
import type { LinksStatus } from '../links/links.ts';
import type { CutLink, DelayLink, HealLink, PartAction, RegionAction, RegionActionBody, RuntimeStatus } from './control.protocol.ts';

const timeoutMs = 30_000;

/** No runtime listens at the socket. */
export class NotRunningError extends Error {
  override readonly name = 'NotRunningError';
}

/** Asks the runtime of a home. Each method throws NotRunningError when there is none, else an Error with what the runtime says. */
export class ControlClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async status(): Promise<RuntimeStatus> {
    return (await this.#ask('GET', '/status')) as RuntimeStatus;
  }

  async act(part: string, action: PartAction): Promise<void> {
    await this.#ask('POST', `/parts/${encodeURIComponent(part)}/${action}`);
  }

  /** A `start` only begins: `status` tells how far it is. */
  async actOnRegion(region: string, action: RegionAction, body: RegionActionBody = {}): Promise<void> {
    await this.#ask('POST', `/regions/${encodeURIComponent(region)}/${action}`, body);
  }

  /** Resolves when the region's etcd member is a cluster of one that answers. */
  async forceNewEtcdCluster(region: string): Promise<void> {
    await this.#ask('POST', `/regions/${encodeURIComponent(region)}/force-new-etcd-cluster`);
  }

  async links(): Promise<LinksStatus> {
    return (await this.#ask('GET', '/links')) as LinksStatus;
  }

  async delay(body: DelayLink): Promise<void> {
    await this.#ask('POST', '/links/delay', body);
  }

  async cut(body: CutLink): Promise<void> {
    await this.#ask('POST', '/links/cut', body);
  }

  async heal(body: HealLink = {}): Promise<void> {
    await this.#ask('POST', '/links/heal', body);
  }

  /** The runtime begins to stop; its process ends when everything has stopped. */
  async shutdown(): Promise<void> {
    await this.#ask('POST', '/shutdown');
  }

  #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void =>
        reject(
          error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
            ? new NotRunningError('no runtime runs here: `evenkeel up` starts one', { cause: error })
            : error,
        );
      const asked = request({ socketPath: this.#socketPath, method, path, timeout: timeoutMs, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', fail).on('end', () => {
          const answer = JSON.parse(text) as { detail?: string };
          if (response.statusCode === 200) resolve(answer);
          else reject(new Error(answer.detail ?? `the runtime answered ${response.statusCode}`));
        });
      });
      asked.on('timeout', () => asked.destroy(new Error(`the runtime did not answer ${method} ${path} within ${timeoutMs} ms`)));
      asked.on('error', fail);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
