import type { Region, ShardId } from '#contracts';
import type { Checker } from './checker.ts';
import type { SettledCommit, SettledHistory } from './final-reads.ts';
import type { Findings } from './findings.ts';
import type { History } from './history.ts';
import { okOf, operationText } from './texts.ts';

/** A shard's history, each seq as the first reader was told it. */
type Told = Map<number, { readonly text: string; readonly by: string }>;

/**
 * The log's promise, on which every other stands. All that any reader was shown, in whichever region and at whatever time, is one
 * history per shard; so is what clients were answered: no token names a seq that the history does not have.
 */
export const oneCommitPerSeq: Checker = {
  name: 'one-commit-per-seq',
  promise: 'Each shard has one settled commit per seq, without gaps: the same for every reader in every region, and for every answer',
  judge: ({ history, final }, findings) => {
    const regions = findings.ofEachRegion(final, 'settled');
    const shards = new Map<ShardId, Told>();
    for (const { region, value } of regions) for (const told of value) follow(told, region, shards, findings);
    if (regions.length > 0) answersAreHistory(history, shards, findings);
  },
};

/** At rest every region has read every shard from its first commit to its last. */
export const historiesAreEqual: Checker = {
  name: 'histories-are-equal',
  promise: 'Every region holds the whole settled history of every shard, to the same end',
  judge: ({ final }, findings) => {
    const regions = findings.ofEachRegion(final, 'settled').map(({ region, value }) => ({ region, lengths: lengthsIn(value) }));
    const longest = new Map<ShardId, number>();
    for (const { lengths } of regions) for (const [shard, { seq }] of lengths) longest.set(shard, Math.max(seq, longest.get(shard) ?? 0));
    for (const { region, lengths } of regions)
      for (const [shard, end] of longest) {
        const own = lengths.get(shard);
        findings.expect(own?.fromStart === end, () => ({
          where: region,
          what: `${shard} ${endText(own?.fromStart)}, it goes to seq ${end}`,
          about: shard,
        }));
      }
    for (const { region } of regions) findings.expect(longest.size > 0, () => ({ where: region, what: 'no shard was read at all' }));
  },
};

interface Length {
  /** The newest seq that any reader there was told. */
  seq: number;
  /** The newest that a reader was told who read from the start; undefined: nobody did. */
  fromStart: number | undefined;
}

function lengthsIn(histories: readonly SettledHistory[]): ReadonlyMap<ShardId, Length> {
  const lengths = new Map<ShardId, Length>();
  for (const { shard, after, commits } of histories) {
    let length = lengths.get(shard);
    if (length === undefined) lengths.set(shard, (length = { seq: 0, fromStart: undefined }));
    const end = commits.at(-1)?.seq ?? after;
    length.seq = Math.max(length.seq, end);
    if (after === 0) length.fromStart = Math.max(end, length.fromStart ?? 0);
  }
  return lengths;
}

const endText = (seq: number | undefined): string => (seq === undefined ? 'was read from its start by nobody' : `ends at seq ${seq}`);

const textOf = ({ writer, cause, events }: SettledCommit): string => `${cause} by ${writer}: ${events}`;
const shownMax = 200;
const short = (text: string): string => (text.length <= shownMax ? text : `${text.slice(0, shownMax)}…`);

function follow({ reader, shard, after, commits }: SettledHistory, region: Region, shards: Map<ShardId, Told>, findings: Findings): void {
  let told = shards.get(shard);
  if (told === undefined) shards.set(shard, (told = new Map()));
  const by = `${reader} in ${region}`;
  let seq = after;
  for (const commit of commits) {
    const expected = seq + 1;
    findings.expect(commit.seq === expected, () => ({
      where: region,
      what: `${shard}: ${reader} was told seq ${commit.seq} where ${expected} comes next`,
      about: shard,
    }));
    seq = commit.seq;
    const text = textOf(commit);
    const first = told.get(seq);
    if (first === undefined) told.set(seq, { text, by });
    else
      findings.expect(first.text === text, () => ({
        where: region,
        what: `${shard} seq ${commit.seq} is ${short(text)} to ${reader}, and ${short(first.text)} to ${first.by}`,
        about: shard,
      }));
  }
}

function answersAreHistory({ operations }: History, shards: ReadonlyMap<ShardId, Told>, findings: Findings): void {
  for (const operation of operations) {
    const answer = okOf(operation)?.answer;
    if (answer === undefined) continue;
    for (const [shard, seq] of Object.entries(answer.token) as [ShardId, number][])
      findings.expect(seq === 0 || shards.get(shard)?.has(seq) === true, () => ({
        where: 'clients',
        what: `${operationText(operation)} was answered on seq ${seq} of ${shard}, which is not in its history`,
        about: shard,
      }));
  }
}
