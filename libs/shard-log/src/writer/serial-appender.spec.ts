import { expect, it } from 'vitest';
import { DoubtfulAppendError, type Appender, type NewRecord } from '../cluster.port.ts';
import { SerialAppender } from './serial-appender.ts';

const record = (value: string): NewRecord => ({ key: null, headers: {}, value });

it('what would wait behind too many others is not sent, and its caller knows so; afterwards there is room again', async () => {
  const sent: (string | null)[][] = [];
  let release = (): void => undefined;
  const hangs = new Promise<void>((resolve) => (release = resolve));
  const appender: Appender = {
    append: async (_topic, _partition, records) => {
      sent.push(records.map(({ value }) => value));
      await hangs;
      return { firstOffset: 0 };
    },
    close: async () => undefined,
  };
  const serial = new SerialAppender(appender, 3);
  const taken = ['a', 'b', 'c'].map((value) => serial.append('t', 0, record(value)));
  const refused = await serial.append('t', 0, record('d')).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(DoubtfulAppendError);
  expect(refused).toMatchObject({ nothingSent: true });
  release();
  await Promise.all(taken);
  await serial.append('t', 0, record('e'));
  expect(sent).toEqual([['a'], ['b', 'c'], ['e']]);
});
