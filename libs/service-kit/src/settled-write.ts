import { encodeToken, type Durability, type Region, type ShardId, weakestDurability, type WriteAnswer } from '#contracts';
import { assert, assertNever } from '#kernel';
import type { Answer, SettledDurability } from '#shard-log';
import { problem, type ProblemError } from './problem.ts';

/** How long a controller waits for its command to be decided and settled, before it says that it does not know. */
export const decideDeadlineMs = 10_000;

/** A command that holds: decided, and what it was decided on is settled. */
export interface SettledWrite {
  readonly shard: ShardId;
  readonly seq: number;
  readonly durability: SettledDurability;
  /** False when a repeated command found its work done. */
  readonly changed: boolean;
}

export type Refusal = { readonly code: string } & Readonly<Record<string, unknown>>;

/** Between a service and the edge: the region that owns what was asked. */
export const ownerHeader = 'evenkeel-owner';

const askAgain = 'It may or may not have been done. Ask again with the same Idempotency-Key: nothing is done twice.';

/** What the gateway answered, as a value, or thrown as the problem that it is. */
export function settledWrite(answer: Answer, shard: ShardId, problemOf: (refusal: Refusal) => ProblemError): SettledWrite {
  switch (answer.kind) {
    case 'unknown':
      throw outcomeUnknown(answer.owner);
    case 'unavailable':
      throw problem('unavailable', { detail: answer.reason, headers: { 'retry-after': '1' } });
    case 'not-owner':
      throw notOwnedHere(answer.owner);
    case 'settled':
      return decided(answer, shard, problemOf);
    default:
      return assertNever(answer);
  }
}

function decided(
  answer: Extract<Answer, { kind: 'settled' }>,
  shard: ShardId,
  problemOf: (refusal: Refusal) => ProblemError,
): SettledWrite {
  const { result, seq, durability } = answer;
  switch (result.outcome) {
    case 'accepted':
      return { shard, seq, durability, changed: result.changed };
    case 'refused':
      throw problemOf(result.refusal);
    case 'not-owner':
      throw notOwnedHere(result.owner);
    case 'unknown':
      throw outcomeUnknown(result.owner);
    case 'unavailable':
      throw problem('unavailable', { detail: result.reason, headers: { 'retry-after': '1' } });
    case 'stream-blocked':
      throw problem('stream-blocked', { detail: `Blocked: ${result.streams.slice(0, 10).join(', ')}.` });
    default:
      return assertNever(result);
  }
}

/** `owner`: the region that can tell, when it is another one; the edge asks there if the request carries its key. */
export const outcomeUnknown = (owner?: string): ProblemError =>
  problem('outcome-unknown', {
    detail: askAgain,
    headers: { 'retry-after': '1', ...(owner === undefined ? {} : { [ownerHeader]: owner }) },
  });

/** The edge reads the header and forwards again; a client behind no edge sees where to go. */
export const notOwnedHere = (owner: string | undefined): ProblemError =>
  problem('not-owned-here', owner === undefined ? {} : { headers: { [ownerHeader]: owner } });

/** The fields that every answer to a write carries, for the writes that it rests on. */
export function writeAnswer(homeRegion: Region, writes: readonly Omit<SettledWrite, 'changed'>[]): WriteAnswer {
  assert(writes.length > 0, 'an answer rests on at least one write');
  const seqs: Record<ShardId, number> = {};
  for (const { shard, seq } of writes) seqs[shard] = Math.max(seq, seqs[shard] ?? 0);
  const durability: Durability = weakestDurability(writes.map((write) => write.durability));
  return { durability, homeRegion, consistencyToken: encodeToken(seqs) };
}

/** For a command that is queued, and nothing more. */
export const queuedAnswer = (homeRegion: Region): WriteAnswer => ({ durability: 'none', homeRegion, consistencyToken: encodeToken({}) });
