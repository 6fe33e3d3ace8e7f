import type { StoredRecord } from '../cluster.port.ts';
import type { WireRecord } from './kafka-protocol.ts';

export function storedRecordOf(topic: string, partition: number, record: WireRecord): StoredRecord {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(record.headers)) {
    const first = Array.isArray(value) ? (value as readonly Buffer[])[0] : (value as Buffer | undefined);
    headers[name] = first?.toString('utf8') ?? '';
  }
  return {
    topic,
    partition,
    offset: Number(record.offset),
    timestampMs: Number(record.timestamp),
    key: record.key?.toString('utf8') ?? null,
    headers,
    value: record.value?.toString('utf8') ?? null,
  };
}
