import type { Region } from '#contracts';
import { assertNever } from '#kernel';
import { wish } from '../../region/wish-region.verbs.ts';
import { runtime } from '../../terminal/home.ts';

export const faultNames = ['kill', 'cut', 'pause', 'evacuate'] as const;
export type FaultName = (typeof faultNames)[number];

/** What is done to the region, and what is done about it. */
export interface Fault {
  readonly name: FaultName;
  readonly label: string;
  readonly remedyLabel: string;
  readonly strike: () => Promise<void>;
  readonly remedy: () => Promise<void>;
  /** From the fault to the remedy, where the fault itself says how long it lasts. */
  readonly lastsMs: number | undefined;
}

const pauseLastsMs = 20_000;

export function faultOf(name: FaultName, region: Region): Fault {
  switch (name) {
    case 'kill':
      return {
        name,
        label: `every process of ${region} killed`,
        remedyLabel: `${region} started`,
        strike: () => runtime().actOnRegion(region, 'kill'),
        remedy: () => runtime().actOnRegion(region, 'start'),
        lastsMs: undefined,
      };
    case 'cut':
      return {
        name,
        label: `${region} cut off`,
        remedyLabel: `${region} connected again`,
        strike: () => runtime().cut({ from: region, direction: 'both', how: 'silent' }),
        remedy: () => runtime().heal({ from: region }),
        lastsMs: undefined,
      };
    case 'pause':
      return {
        name,
        label: `every process of ${region} paused`,
        remedyLabel: `${region} resumed`,
        strike: () => runtime().actOnRegion(region, 'pause'),
        remedy: () => runtime().actOnRegion(region, 'resume'),
        lastsMs: pauseLastsMs,
      };
    case 'evacuate':
      return {
        name,
        label: `${region} evacuated`,
        remedyLabel: `${region} called back`,
        strike: async () => void (await wish('evacuate', region)),
        remedy: async () => void (await wish('return', region)),
        lastsMs: undefined,
      };
    default:
      return assertNever(name);
  }
}

export interface LoadTimes {
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** When the fault strikes and when it is mended, in milliseconds since the load began: after a third at full rate, and another third later. */
export function faultTimes(
  { seconds, warmUpSeconds }: LoadTimes,
  lastsMs: number | undefined,
): { readonly strikeMs: number; readonly remedyMs: number } {
  const strikeMs = warmUpSeconds * 1000 + (seconds * 1000) / 3;
  return { strikeMs, remedyMs: strikeMs + (lastsMs ?? (seconds * 1000) / 3) };
}
