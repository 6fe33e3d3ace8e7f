import { expect, it } from 'vitest';
import { spanNames, startTelemetry, withSpan } from '#telemetry';
import { createLogger } from './logger.ts';

it('a log line is JSON that names its process, and inside a span its trace', async () => {
  const telemetry = startTelemetry({ service: 'order-service', region: 'east', instance: 2, otlp: undefined });
  const lines: string[] = [];
  const log = createLogger({
    service: 'order-service',
    region: 'east',
    instance: 2,
    destination: { write: (line) => void lines.push(line) },
  });
  log.info('outside');
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  await withSpan(spanNames.commandDecide, { traceparent }, async () => {
    await Promise.resolve();
    log.warn({ shard: 'order.east.0' }, 'inside');
  });
  const [outside, inside] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const process = { service: 'order-service', region: 'east', instance: 2 };
  expect(outside).toEqual({ ...process, level: 'info', time: expect.any(String), msg: 'outside' });
  expect(inside).toMatchObject({ ...process, level: 'warn', msg: 'inside', shard: 'order.east.0', traceId: 'a'.repeat(32) });
  await telemetry.stop();
});
