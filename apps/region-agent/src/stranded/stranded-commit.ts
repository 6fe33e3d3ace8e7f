import { assertNever } from '#kernel';
import {
  inventoryCommitOrigin,
  inventoryEvents,
  orderCommitOrigin,
  orderEvents,
  paymentCommitOrigin,
  paymentEvents,
  shardOf,
  skusToLookUp,
  type CommandEnvelope,
  type CommitOrigin,
  type Lineage,
  type ListedProduct,
  type Region,
  type ShardId,
  type Sku,
  type StrandedCommit,
} from '#contracts';
import type { Commit } from '#shard-log';

/** A stranded commit with what it takes to offer it again. Plain JSON. */
export interface StrandedEntry {
  readonly commit: StrandedCommit;
  readonly correlation: string;
  readonly traceparent: string;
  /** The commit's body; null once nothing is left to be offered. */
  readonly body: string | null;
}

type Listed = (sku: Sku) => ListedProduct | undefined;
const nothingListed: Listed = () => undefined;

interface Origin {
  readonly origin: CommitOrigin<CommandEnvelope['command']>;
  readonly types: readonly string[];
  readonly toLookUp: readonly Sku[];
}

/** @throws when the body cannot be read as events of the shard's service */
function originOf(shard: ShardId, body: string, listed: Listed): Origin {
  const { service } = shardOf(shard);
  switch (service) {
    case 'order': {
      const events = orderEvents.decode(body);
      return { origin: orderCommitOrigin(events), types: events.map(({ type }) => type), toLookUp: [] };
    }
    case 'inventory': {
      const events = inventoryEvents.decode(body);
      return { origin: inventoryCommitOrigin(events, listed), types: events.map(({ type }) => type), toLookUp: skusToLookUp(events) };
    }
    case 'payment': {
      const events = paymentEvents.decode(body);
      return { origin: paymentCommitOrigin(events), types: events.map(({ type }) => type), toLookUp: [] };
    }
    default:
      return assertNever(service);
  }
}

/** What a stranded commit is, before anything was done about it. */
export function strandedEntryOf(commit: Commit): StrandedEntry {
  const { shard, term, seq, cause, streams, correlation, traceparent, body } = commit;
  const about = { shard, term, seq, commandId: cause, streams: [...streams] };
  const made = { correlation, traceparent };
  try {
    const { origin, types } = originOf(shard, body, nothingListed);
    const events = [...types];
    if (origin.origin === 'derived')
      return { ...made, body: null, commit: { ...about, events, origin: 'derived', offered: 'not-needed', because: origin.because } };
    const because = 'it is to be offered to the owner again';
    return { ...made, body, commit: { ...about, events, origin: 'outside', offered: 'not-yet', because } };
  } catch (error) {
    const because = `its body cannot be read, so there is no command to offer: ${(error as Error).message}`.slice(0, 500);
    return { ...made, body: null, commit: { ...about, events: [], origin: 'outside', offered: 'not-needed', because } };
  }
}

export const isDue = ({ commit, body }: StrandedEntry): boolean => commit.offered === 'not-yet' && body !== null;

/** Skus that must be looked up before the command can be rebuilt. */
export const toLookUp = ({ commit, body }: StrandedEntry): readonly Sku[] =>
  body === null ? [] : originOf(commit.shard, body, nothingListed).toLookUp;

/** The command as it stood in `X.commands`, or why it cannot be rebuilt now. */
export function commandOf(
  { commit, correlation, traceparent, body }: StrandedEntry,
  listed: Listed,
): CommandEnvelope | { readonly because: string } {
  if (body === null) return { because: 'nothing is left to be offered' };
  const { origin } = originOf(commit.shard, body, listed);
  if (origin.origin !== 'outside') return { because: origin.because };
  return { commandId: commit.commandId, shard: commit.shard, correlation, traceparent, reply: false, command: origin.command };
}

export const withOutcome = (entry: StrandedEntry, offered: StrandedCommit['offered'], because: string): StrandedEntry => ({
  ...entry,
  body: offered === 'not-yet' ? entry.body : null,
  commit: { ...entry.commit, offered, because },
});

export const entryKey = ({ commit }: StrandedEntry): string => `${commit.shard}:${commit.term}:${commit.seq}`;

/** By shard, and in it by term and seq: the order in which they are offered. */
export const inOrder = (a: StrandedEntry, b: StrandedEntry): number =>
  a.commit.shard === b.commit.shard
    ? a.commit.term - b.commit.term || a.commit.seq - b.commit.seq
    : a.commit.shard < b.commit.shard
      ? -1
      : 1;

/**
 * Whether this region has been taken over and is on its way back: only then can its log hold what nobody has dealt with. Of more than two regions
 * the others may be paired again without it: then no shard names it any more.
 */
export const isReturning = ({ status, shards }: Lineage, here: Region): boolean =>
  (status.status === 'solo' && status.region !== here) ||
  (status.status === 'rejoining' && status.region === here) ||
  Object.values(shards).every((segments) => segments.at(-1)!.owner !== here && segments.at(-1)!.mirror !== here);

/** How many segments of this region have ended. It grows whenever there may be something newly stranded, and only then. */
export const endedTerms = (lineage: Lineage, here: Region): number =>
  Object.values(lineage.shards).reduce((sum, segments) => sum + segments.slice(0, -1).filter(({ owner }) => owner === here).length, 0);

/** The region that carries on while this one is on its way back. */
export const survivorOf = ({ status, shards }: Lineage, here: Region): Region | undefined =>
  status.status === 'solo'
    ? status.region
    : Object.values(shards)
        .map((segments) => segments.at(-1)!.owner)
        .find((owner) => owner !== here);
