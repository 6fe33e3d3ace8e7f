import { Command } from 'commander';
import { parkedDecisionAnswerSchema, parkedListAnswerSchema, type ParkedRecordRead } from '#contracts';
import { askJson } from '../terminal/get-json.ts';
import { runtime } from '../terminal/home.ts';
import { table } from '../terminal/table.ts';
import { answerWith, verb, type Answer, type CommonOptions } from '../terminal/verb.ts';
import { parkedKeepersAmong, type Keeper } from './parked-keepers.ts';

/**
 * Each region parks for itself: what is decided in one must be decided in the other too, so a decision goes to all that know the id.
 * A process manager parks for itself too, under an id that begins with its name: each is decided about by itself.
 */
interface ParkedAt {
  readonly part: string;
  readonly url: string;
  readonly record: ParkedRecordRead;
}

export function parkedVerb(): Command {
  const parked = new Command('parked').description('records that a reader refused, and the streams that wait behind them');
  parked.addCommand(verb('list', 'what is parked, in every region').action((options: CommonOptions) => answerWith(options, list)));
  parked.addCommand(
    verb('retry <id>', 'read it again, after the code was mended').action((id: string, options: CommonOptions) =>
      answerWith(options, () => decide(id, 'retry')),
    ),
  );
  parked.addCommand(
    verb('skip <id>', 'go on without it, for good').action((id: string, options: CommonOptions) =>
      answerWith(options, () => decide(id, 'skip')),
    ),
  );
  return parked;
}

async function list(): Promise<Answer> {
  const found = await allParked();
  const rows = found.map(({ part, record }) => [
    record.id,
    part,
    record.status,
    `${record.topic}/${record.partition}@${record.offset}`,
    record.streams.join(' ') || '-',
    record.reason,
  ]);
  return {
    value: found.map(({ part, record }) => ({ part, ...record })),
    text: rows.length === 0 ? 'nothing is parked' : table([['ID', 'PART', 'STATUS', 'AT', 'STREAMS', 'REASON'], ...rows]),
  };
}

async function decide(id: string, decision: 'retry' | 'skip'): Promise<Answer> {
  const concerned = (await allParked()).filter(({ record }) => record.id === id);
  if (concerned.length === 0) throw new Error(`no record ${id} is parked`);
  const outcomes = await Promise.all(
    concerned.map(async ({ part, url }) => ({
      part,
      ...(await askJson({
        url: `${url}/internal/parked/${encodeURIComponent(id)}/${decision}`,
        method: 'POST',
        answer: parkedDecisionAnswerSchema,
        timeoutMs: 30_000,
      })),
    })),
  );
  return {
    value: outcomes,
    text: outcomes
      .map(({ part, status, released, stillOpen }) => `${part}: ${status}; ${released} waiting commits applied, ${stillOpen} still wait`)
      .join('\n'),
  };
}

async function allParked(): Promise<readonly ParkedAt[]> {
  const { parts } = await runtime().status();
  const lists = await Promise.all(parkedKeepersAmong(parts).map(parkedAt));
  return lists.flat();
}

async function parkedAt({ name, url }: Keeper): Promise<readonly ParkedAt[]> {
  const { records } = await askJson({ url: `${url}/internal/parked`, answer: parkedListAnswerSchema });
  return records.map((record) => ({ part: name, url, record }));
}
