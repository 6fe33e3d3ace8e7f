import type { Region } from '#contracts';
import type { WholeSystem } from '#test-kit';
import type { PlannedFault } from '../plan/scenario.ts';

/** What faults are carried out on. */
export interface Ground {
  readonly system: WholeSystem;
  readonly regions: readonly [Region, Region];
  /** One line for a person. */
  readonly say: (line: string) => void;
}

/** One planned fault, ready to strike. Whatever else fails, `heal` is called once `begin` was; both may take as long as they need. */
export interface Blow {
  /** Why it cannot be done on this machine. Undefined: it can. */
  impossible?(): Promise<string | undefined>;
  /** Before the load; the system is whole again before it begins. */
  prepare?(): Promise<void>;
  begin(): Promise<void>;
  heal(): Promise<void>;
  /** Undoes `prepare`, when the system has recovered; also when `prepare` failed half-way. */
  restore?(): Promise<void>;
}

export type Deed = (ground: Ground, fault: PlannedFault) => Blow;

/** @throws Error that names the parts there are */
export async function partNamed({ system }: Ground, name: string) {
  const { parts } = await system.status();
  const part = parts.find((one) => one.name === name);
  if (part === undefined) throw new Error(`no part ${name}; there are ${parts.map((one) => one.name).join(', ')}`);
  return part;
}

/** The parts of a region that are processes of ours. */
export const ourPartsOf = async ({ system }: Ground, region: string): Promise<readonly string[]> =>
  (await system.status()).parts.filter((part) => part.region === region && part.metrics?.job === 'evenkeel').map(({ name }) => name);

/** @throws RangeError for what is no region of the system */
export function regionOf({ regions }: Ground, name: string): Region {
  const found = regions.find((region) => region === name);
  if (found === undefined) throw new RangeError(`no region ${name}; there are ${regions.join(', ')}`);
  return found;
}

export const otherRegion = ({ regions }: Ground, region: Region): Region => regions.find((other) => other !== region)!;

/** A number between two others by a chance in [0, 1). */
export const drawn = (chance: number, from: number, to: number): number => Math.round(from + chance * (to - from));
