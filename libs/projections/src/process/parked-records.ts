import type { Pool } from 'pg';
import { listParked, type ParkedRecord } from '../postgres/parked-table.ts';
import type { ParkedDecision, ParkedOutcome } from '../decide-parked.ts';
import type { Projector } from '../projector.ts';

/** What one reader has set aside, for people: listed, and decided about. */
export interface ParkedRecords {
  list(): Promise<readonly ParkedRecord[]>;
  decide(id: string, decision: ParkedDecision): Promise<ParkedOutcome>;
}

export interface ParkedRecordsOptions {
  readonly pool: Pool;
  readonly projector: Pick<Projector, 'decideParked'>;
  /**
   * Undefined: the service's own projector. Several readers park the same commit, each in its own schema and to be decided about by
   * itself: the others' ids begin with their name, so that no decision meets the wrong one.
   */
  readonly reader: string | undefined;
}

const listMax = 500;

export const prefixOf = (reader: string | undefined): string => (reader === undefined ? '' : `${reader}:`);

/** The record as people are told of it. */
export const namedRecord = (reader: string | undefined, record: ParkedRecord): ParkedRecord => ({
  ...record,
  id: `${prefixOf(reader)}${record.id}`,
});

export const parkedRecords = ({ pool, projector, reader }: ParkedRecordsOptions): ParkedRecords => ({
  list: async () => (await listParked(pool, listMax)).map((record) => namedRecord(reader, record)),
  decide: (id, decision) => {
    const prefix = prefixOf(reader);
    if (!id.startsWith(prefix)) return Promise.resolve({ outcome: 'refused', code: 'unknown-record' });
    return projector.decideParked(id.slice(prefix.length), decision);
  },
});
