import type { Pool } from 'pg';
import type { EventCatalogue, ShardId } from '#contracts';
import type { BatchWriter } from './batch-writer.ts';
import { admit, type Admission } from './core/admission.ts';
import { BlockedStreams } from './core/blocked-streams.ts';
import { readOpen, readParked, readParkedCommits, readParkedIds, setStatus, type ParkedRecord } from './postgres/parked-table.ts';
import type { ParkedLog } from './parked-log.port.ts';
import type { SettledEvent, Tx } from './projection.port.ts';

export type ParkedDecision = 'skip' | 'retry';

export type ParkedOutcome =
  | { readonly outcome: 'decided'; readonly status: ParkedRecord['status']; readonly released: number; readonly stillOpen: number }
  | { readonly outcome: 'refused'; readonly code: 'unknown-record' | 'already-decided' | 'only-withheld' | 'unreadable' };

type Project<Event> = (events: readonly SettledEvent<Event>[]) => Promise<string | undefined>;

const retriedMax = 1_000;

/**
 * Reads again every parked commit that can be decoded now, each with what waits for it: after an upgrade nobody need ask for it.
 * Resolves with how many were applied.
 */
export async function retryDecodable<Event extends { readonly type: string }, State>(
  writer: BatchWriter<Event, State>,
  pool: Pool,
  catalogue: Pick<EventCatalogue<Event>, 'decode'>,
): Promise<number> {
  let applied = 0;
  for (const { id, body } of await readParkedCommits(pool, retriedMax)) {
    if (!canDecode(catalogue, body ?? '')) continue;
    const outcome = await decideParked(writer, catalogue, id, 'retry', notSkipped);
    if (outcome.outcome === 'decided' && outcome.status === 'applied') applied++;
  }
  return applied;
}

/**
 * Goes on without every parked record of which the log says that somebody decided so: it was parked before the decision stood there, or by
 * tables that were made anew. Resolves with how many these were.
 */
export async function repeatSkips<Event extends { readonly type: string }, State>(
  writer: BatchWriter<Event, State>,
  pool: Pool,
  catalogue: Pick<EventCatalogue<Event>, 'decode'>,
  parkedLog: Pick<ParkedLog, 'skipped'>,
): Promise<number> {
  const open = await readParkedIds(pool);
  if (open.length === 0) return 0;
  const skipped = await parkedLog.skipped();
  const repeated = open.filter((id) => skipped.has(id));
  for (const id of repeated) await decideParked(writer, catalogue, id, 'skip', standsInTheLog);
  return repeated.length;
}

/** For a decision that is only repeated. */
export const standsInTheLog = () => Promise.resolve();

const notSkipped = () => Promise.reject(new Error('a record that is read again is not skipped'));

function canDecode(catalogue: Pick<EventCatalogue<{ readonly type: string }>, 'decode'>, body: string): boolean {
  try {
    catalogue.decode(body);
    return true;
  } catch {
    return false; // it stays parked, with the reason that it was parked for
  }
}

/**
 * Skips a parked record, or reads it again (after an upgrade); then applies, in order of seq, all that was withheld because of it
 * and is not blocked by another one. One transaction, in which `logSkip` has succeeded before it ends: tables that are made anew know what is answered here.
 */
export async function decideParked<Event extends { readonly type: string }, State>(
  writer: BatchWriter<Event, State>,
  catalogue: Pick<EventCatalogue<Event>, 'decode'>,
  id: string,
  decision: ParkedDecision,
  logSkip: (id: string) => Promise<void>,
): Promise<ParkedOutcome> {
  return writer.decide(async (tx, project) => {
    const outcome = await decided(tx, catalogue, project, id, decision);
    if (outcome.outcome === 'decided' && decision === 'skip') await logSkip(id);
    return outcome;
  });
}

async function decided<Event extends { readonly type: string }>(
  tx: Tx,
  catalogue: Pick<EventCatalogue<Event>, 'decode'>,
  project: Project<Event>,
  id: string,
  decision: ParkedDecision,
): Promise<ParkedOutcome> {
  const target = await readParked(tx, id);
  if (target === undefined) return { outcome: 'refused', code: 'unknown-record' };
  if (target.status === 'withheld') return { outcome: 'refused', code: 'only-withheld' };
  if (target.status !== 'parked') return { outcome: 'refused', code: 'already-decided' };
  if (target.shard === null) return decideUnreadable(tx, target, decision);
  return releaseShard(tx, catalogue, project, target.shard, target, decision);
}

async function decideUnreadable(tx: Tx, target: ParkedRecord, decision: ParkedDecision): Promise<ParkedOutcome> {
  if (decision === 'retry') return { outcome: 'refused', code: 'unreadable' };
  await setStatus(tx, target.id, 'skipped', target.reason);
  return { outcome: 'decided', status: 'skipped', released: 0, stillOpen: 0 };
}

async function releaseShard<Event extends { readonly type: string }>(
  tx: Tx,
  catalogue: Pick<EventCatalogue<Event>, 'decode'>,
  project: Project<Event>,
  shard: ShardId,
  target: ParkedRecord,
  decision: ParkedDecision,
): Promise<ParkedOutcome> {
  const blocked = new BlockedStreams();
  let [released, stillOpen] = [0, 0];
  let status: ParkedRecord['status'] = 'skipped';
  for (const record of await readOpen(tx, shard)) {
    if (record.id === target.id && decision === 'skip') {
      await setStatus(tx, record.id, 'skipped', record.reason);
      continue;
    }
    if (record.id !== target.id && record.status === 'parked') {
      blocked.block(shard, record.streams);
      stillOpen++;
      continue;
    }
    const admission = await reconsider({ ...record, shard, seq: record.seq!, body: record.body ?? '' }, catalogue, blocked, project);
    await setStatus(tx, record.id, admission.kind, admission.kind === 'applied' ? record.reason : admission.reason);
    if (record.id === target.id) status = admission.kind;
    if (admission.kind !== 'applied') stillOpen++;
    else if (record.id !== target.id) released++;
  }
  return { outcome: 'decided', status, released, stillOpen };
}

async function reconsider<Event extends { readonly type: string }>(
  commit: Parameters<typeof admit>[0],
  catalogue: Pick<EventCatalogue<Event>, 'decode'>,
  blocked: BlockedStreams,
  project: Project<Event>,
): Promise<Admission<Event>> {
  const admission = admit(commit, catalogue, blocked);
  if (admission.kind !== 'applied') {
    blocked.block(commit.shard, commit.streams);
    return admission;
  }
  const failure = await project(admission.events);
  if (failure === undefined) return admission;
  blocked.block(commit.shard, commit.streams);
  return { kind: 'parked', reason: failure };
}
