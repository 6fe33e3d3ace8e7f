import { shardOf, type Region, type Service } from '#contracts';
import type { CommandGateway, SendCommand } from '#shard-log';
import type { ServiceProcess } from './service-process.ts';

/** What a client's request is told at last. */
export type EdgeAnswer =
  | {
      readonly outcome: 'ok';
      readonly region: Region;
      readonly durability: 'global' | 'regional';
      readonly seq: number;
      readonly changed: boolean;
    }
  /** Certainly not done. */
  | { readonly outcome: 'refused'; readonly region: Region; readonly code: string }
  | { readonly outcome: 'unknown'; readonly because: string };

export interface EdgeOptions {
  /** The instance that serves in this region now, if any. */
  readonly processOf: (region: Region, service: Service) => ServiceProcess | undefined;
  /** Whether a request from here gets there, and its answer back. */
  readonly reaches: (from: Region, to: Region) => boolean;
}

const hopsMax = 3;

/**
 * The way of a write into the system: the region that the client reached, then the owner of its shard, and again where that one names another.
 * It stands in for storefront-api's forwarder and the services' controllers, which are HTTP; what it asks is the real gateway.
 */
export class Edge {
  readonly #options: EdgeOptions;

  constructor(options: EdgeOptions) {
    this.#options = options;
  }

  async decide(at: Region, command: SendCommand): Promise<EdgeAnswer> {
    const { service } = shardOf(command.shard);
    let to = this.#gateway(at, service)?.ownerOf(command.shard) as Region | undefined;
    if (to === undefined) return { outcome: 'refused', region: at, code: 'unavailable' };
    let isInDoubt = false; // once it may be done, only that it is done says more: a refusal is about its own attempt
    const refused = (region: Region, code: string): EdgeAnswer => (isInDoubt ? unknown : { outcome: 'refused', region, code });
    for (let hop = 0; hop < hopsMax; hop++) {
      const gateway = this.#options.reaches(at, to) ? this.#gateway(to, service) : undefined;
      if (gateway === undefined) return refused(at, 'owner-unavailable');
      const answer = await gateway.decide(command);
      if (!this.#options.reaches(at, to)) return await never(); // the answer is lost on its way: the client gives up by itself
      if (answer.kind === 'unavailable') return refused(to, 'unavailable');
      if (answer.kind === 'settled') {
        const told = decided(to, answer);
        return told.outcome === 'refused' ? refused(to, told.code) : told;
      }
      isInDoubt ||= answer.kind === 'unknown';
      const owner = answer.owner as Region | undefined;
      if (owner === undefined || owner === to) return refused(to, 'not-owned-here');
      to = owner;
    }
    return refused(at, 'not-owned-here');
  }

  #gateway(region: Region, service: Service): CommandGateway | undefined {
    return this.#options.processOf(region, service)?.gateway;
  }
}

const unknown: EdgeAnswer = { outcome: 'unknown', because: 'outcome-unknown' };
const never = (): Promise<EdgeAnswer> => new Promise(() => undefined);

function decided(
  region: Region,
  { result, seq, durability }: Extract<Awaited<ReturnType<CommandGateway['decide']>>, { kind: 'settled' }>,
): EdgeAnswer {
  switch (result.outcome) {
    case 'accepted':
      return { outcome: 'ok', region, durability, seq, changed: result.changed };
    case 'refused':
      return { outcome: 'refused', region, code: result.refusal.code };
    default:
      return { outcome: 'unknown', because: result.outcome };
  }
}
