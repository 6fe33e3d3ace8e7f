import type { ChecksumsAnswer, Topology } from '#contracts';
import { compareRegions } from '../../status/compare-regions.ts';
import { lookUntilStill, type LookOptions } from '../../status/look-until-still.ts';
import type { Expectation } from '../expectation.ts';
import { ledgerDifferences, regionDifferences, type Difference } from './differences.ts';
import { readLedger } from './provider-ledger.ts';
import { readRegion } from './region-state.ts';

export interface AgreementOptions extends Omit<LookOptions<Difference, Seen>, 'look' | 'describe'> {
  readonly topology: Topology;
  readonly expectation: Expectation;
  /** Of every projector of every region. May fail while one is being restarted. */
  readonly checksums: () => Promise<readonly ChecksumsAnswer[]>;
}

export interface Agreement {
  readonly differences: readonly Difference[];
  readonly checksums: readonly { readonly projection: string; readonly verdict: string }[];
  readonly seconds: number;
}

/** Compares both regions and the provider with the file until nothing differs, or nothing moves any more. Then the differences stand. */
export async function agreementWith(options: AgreementOptions): Promise<Agreement> {
  return lookUntilStill({ ...options, look: () => lookAt(options), describe });
}

interface Seen extends Omit<Agreement, 'seconds'> {
  /** Changes whenever something has moved. */
  readonly fingerprint: string;
}

async function lookAt({ topology, expectation, checksums }: AgreementOptions): Promise<Seen> {
  let answers: readonly ChecksumsAnswer[];
  try {
    answers = await checksums();
    const scope = { customers: [...expectation.capturedPence.keys()], skus: [...expectation.onHand.keys()] };
    const differences: Difference[] = [];
    for (const [region, { postgres }] of Object.entries(topology.regions))
      differences.push(...regionDifferences(region, expectation, await readRegion(postgres, scope)));
    differences.push(...ledgerDifferences(expectation, await readLedger(topology.paymentProvider.url)));
    const compared = compareRegions(answers, Object.keys(topology.regions)).map(({ projection, verdict }) => ({ projection, verdict }));
    for (const { projection, verdict } of compared)
      if (verdict !== 'equal') differences.push({ where: 'regions', what: `projection ${projection}`, expected: 'equal', found: verdict });
    if (compared.length === 0)
      differences.push({ where: 'regions', what: 'projections', expected: 'equal', found: 'no projector answered' });
    return {
      differences,
      checksums: compared,
      fingerprint: JSON.stringify(answers.map(({ progress, lagRecords }) => [progress, lagRecords])),
    };
  } catch (error) {
    // A part that is being restarted: that is no difference yet, but it is one if it stays so.
    const found = error instanceof Error ? error.message : String(error);
    return { differences: [{ where: 'comparison', what: 'readable', expected: 'yes', found }], checksums: [], fingerprint: found };
  }
}

export const describe = ({ where, what, expected, found }: Difference): string => `${where}: ${what}: expected ${expected}, found ${found}`;
