import { expect, it } from 'vitest';
import { DoubtfulAppendError, RefusedAppendError, type Appender, type NewRecord } from '../cluster.port.ts';
import { SerialAppender } from './serial-appender.ts';

const appenderThat = (appendEach: Appender['appendEach']): Appender => ({
  append: () => Promise.reject(new Error('nothing is appended by itself')),
  appendEach,
  close: async () => undefined,
});
const record = (value: string): NewRecord => ({ key: null, headers: {}, value });

it('what would wait behind too many others is not sent, and its caller knows so; afterwards there is room again', async () => {
  const sent: (string | null)[][] = [];
  let release = (): void => undefined;
  const hangs = new Promise<void>((resolve) => (release = resolve));
  const serial = new SerialAppender(
    appenderThat(async (batches) => {
      sent.push(batches.flatMap(({ records }) => records.map(({ value }) => value)));
      await hangs;
      return batches.map(() => ({ firstOffset: 0 }));
    }),
    3,
  );
  const taken = ['a', 'b', 'c'].map((value) => serial.append('t', 0, record(value)));
  await Promise.resolve();
  const refused = await serial.append('t', 0, record('d')).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(DoubtfulAppendError);
  expect(refused).toMatchObject({ nothingSent: true });
  release();
  await Promise.all(taken);
  await serial.append('t', 0, record('e'));
  expect(sent).toEqual([['a', 'b', 'c'], ['e']]);
});

it('what is handed over in one turn, and what comes in during a request, goes in one request, in order, each partition for itself', async () => {
  const requests: string[][] = [];
  const answers: (() => void)[] = [];
  const serial = new SerialAppender(
    appenderThat(async (batches) => {
      requests.push(batches.map(({ topic, partition, records }) => `${topic}:${partition} ${records.map(({ value }) => value).join()}`));
      await new Promise<void>((resolve) => answers.push(resolve));
      return batches.map(({ topic }) => (topic === 'full' ? new RefusedAppendError('too large') : { firstOffset: 0 }));
    }),
  );
  const outcomes = Promise.allSettled([
    serial.append('t', 0, record('a')),
    serial.append('t', 1, record('b')),
    serial.append('full', 0, record('c')),
    serial.append('t', 0, record('d')),
  ]);
  await Promise.resolve();
  const later = [serial.append('t', 1, record('e')), serial.append('t', 1, record('f'))];
  answers[0]!();
  expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  answers[1]!();
  await Promise.all(later);
  expect(requests).toEqual([['t:0 a,d', 't:1 b', 'full:0 c'], ['t:1 e,f']]);
});

it('sends what is too much for one request with the next ones, before what came in later', async () => {
  const requests: number[] = [];
  const values: (string | null)[] = [];
  const serial = new SerialAppender(
    appenderThat(async (batches) => {
      const records = batches.flatMap((batch) => batch.records);
      requests.push(records.length);
      values.push(...records.map(({ value }) => value));
      return batches.map(() => ({ firstOffset: 0 }));
    }),
  );
  const expected = Array.from({ length: 1_200 }, (_, n) => String(n));
  await Promise.all(expected.map((value) => serial.append('t', 0, record(value))));
  expect(requests).toEqual([500, 500, 200]);
  expect(values).toEqual(expected);
});
