/**
 * The links between regions as proxies in this process, so that they can be delayed, cut and healed. All that crosses between
 * regions, or to the witness, goes through one of them; what stays within a region does not.
 *
 * A fault belongs to a direction, `east->west`: the bytes that flow from east to west, whichever side dialled. They are faults of
 * streams, not of packets: a one-way cut does not hold back TCP's own acknowledgements of the other direction.
 */
import type { Region } from '#contracts';
import { LinkFaults, type DirectionStatus, type Way } from './link-faults.ts';
import type { LinkSpec } from './link-spec.ts';
import { LinkListener, type ListenerStatus } from './link-listener.ts';

export type { LinkSpec } from './link-spec.ts';

export interface DelayOptions {
  readonly from: Region;
  /** Default: every region that a link connects with `from`. */
  readonly to?: Region;
  /** Each way; 0 takes the delay away. */
  readonly ms: number;
  /** Default `both`. */
  readonly direction?: Way;
}

export interface CutOptions {
  readonly from: Region;
  readonly to?: Region;
  readonly direction: Way;
  readonly how: 'silent' | 'reset';
}

export interface LinksStatus {
  readonly directions: readonly DirectionStatus[];
  readonly listeners: readonly ListenerStatus[];
}

export interface Links {
  delay(options: DelayOptions): void;
  cut(options: CutOptions): void;
  /** Takes delays and cuts away: of one pair both ways, of all of a region's pairs, or of everything. */
  heal(options?: { readonly from: Region; readonly to?: Region }): void;
  status(): LinksStatus;
  /** Resets what is open and frees the addresses. */
  close(): Promise<void>;
}

const delayMaxMs = 60_000;

/** Listens at every address, or at none: when one is taken, the others are freed again and the error names it. */
export async function startLinks(specs: readonly LinkSpec[]): Promise<Links> {
  const faults = new LinkFaults(specs.flatMap(pairsOf));
  const listeners = specs.map((spec) => new LinkListener(spec, faults));
  const opened = await Promise.allSettled(listeners.map((listener) => listener.open()));
  const failed = opened.filter((result) => result.status === 'rejected');
  if (failed.length > 0) {
    await Promise.all(listeners.filter((_, index) => opened[index]!.status === 'fulfilled').map((listener) => listener.close()));
    throw new AggregateError(
      failed.map(({ reason }) => reason as Error),
      failed.map(({ reason }) => (reason as Error).message).join('; '),
    );
  }
  const apply = (): void => listeners.forEach((listener) => listener.faultsChanged());
  return {
    delay({ from, to, ms, direction = 'both' }) {
      if (!Number.isInteger(ms) || ms < 0 || ms > delayMaxMs)
        throw new RangeError(`a delay is a whole number of ms from 0 to ${delayMaxMs}, not ${ms}`);
      faults.change(from, to, direction, { delayMs: ms });
      apply();
    },
    cut({ from, to, direction, how }) {
      faults.change(from, to, direction, { cut: how });
      apply();
    },
    heal(options) {
      const sound = { delayMs: 0, cut: 'none' } as const;
      if (options !== undefined) faults.change(options.from, options.to, 'both', sound);
      else for (const { from, to } of faults.all()) faults.change(from, to, 'one-way', sound);
      apply();
    },
    status: () => ({ directions: faults.all(), listeners: listeners.map((listener) => listener.status()) }),
    close: async () => void (await Promise.all(listeners.map((listener) => listener.close()))),
  };
}

function pairsOf(spec: LinkSpec): readonly (readonly [Region, Region])[] {
  return spec.kind === 'tcp' ? [[spec.from, spec.to]] : [...spec.dialers.values()].map((from) => [from, spec.to] as const);
}
