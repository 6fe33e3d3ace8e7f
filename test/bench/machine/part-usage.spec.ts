import { describe, expect, it } from 'vitest';
import { linkBytes, linkBytesBetween } from './link-bytes.ts';
import { byKind, kindOfPart, usageByPart } from './part-usage.ts';
import { parseMemory, parseStat, processTable } from './process-table.ts';

const row = (pid: number, parent: number, cpuMs: number, anon: number, file: number, shared = 0) => ({
  pid,
  parent,
  cpuMs,
  memory: { anon, file, shared },
});

describe('usage by part', () => {
  const table = [
    row(1, 0, 1, 1, 1),
    row(10, 1, 100, 50, 20), // the supervisor
    row(11, 10, 7, 5, 30, 100), // PostgreSQL, and two backends
    row(12, 11, 20, 6, 31, 90),
    row(13, 11, 30, 7, 32, 80),
    row(14, 10, 3, 2, 2), // a part of its own
  ];
  const usage = usageByPart(
    table,
    new Map([
      [10, 'supervisor'],
      [11, 'east.postgres'],
      [14, 'east.kafka'],
      [99, 'west.kafka'],
    ]),
  );

  it('a process belongs to the nearest part above it', () => {
    expect(usage.get('supervisor')?.cpuMs).toBe(100);
    expect(usage.get('east.postgres')?.cpuMs).toBe(57);
    expect([...usage.keys()].toSorted()).toEqual(['east.kafka', 'east.postgres', 'supervisor']);
  });

  it('what the processes of a part share is counted once', () => {
    expect(usage.get('east.postgres')?.memoryBytes).toBe(5 + 6 + 7 + 32 + 100);
  });

  it('parts of a kind are summed, over regions and instances', () => {
    expect(byKind({ 'east.kafka': 1, 'west.kafka': 2, 'east.region-agent': 4, 'east.region-agent-2': 5 })).toEqual({
      'region-agent': 9,
      kafka: 3,
    });
    expect(kindOfPart('load generator')).toBe('load generator');
  });
});

describe('/proc', () => {
  it('is read past a name that holds brackets and blanks', () => {
    const stat = '42 (a (b) c) S 7 42 42 0 -1 4194560 1 2 3 4 100 50 20 10 20 0 11 0 12345 1000 200';
    expect(parseStat(stat)).toEqual({ parent: 7, cpuMs: 1_800 });
  });

  it('tells own memory from shared', () => {
    const status = 'Name:\tnode\nVmRSS:\t  900 kB\nRssAnon:\t     500 kB\nRssFile:\t     300 kB\nRssShmem:\t     100 kB\n';
    expect(parseMemory(status)).toEqual({ anon: 512_000, file: 307_200, shared: 102_400 });
  });

  it('tells of this process', () => {
    const own = processTable().find(({ pid }) => pid === process.pid);
    expect(own?.parent).toBe(process.ppid);
    expect(own?.cpuMs).toBeGreaterThan(0);
    expect(own?.memory.anon).toBeGreaterThan(1_000_000);
  });
});

describe('bytes across the links', () => {
  const listener = (name: string, outwardBytes: number, backBytes: number) => ({
    name,
    listen: '',
    target: '',
    connections: 1,
    outwardBytes,
    backBytes,
  });

  it('are told apart by what they serve', () => {
    const listeners = [
      listener('east->west kafka', 1, 2),
      listener('west->east kafka', 3, 4),
      listener('east->west order', 10, 20),
      listener('west->east payment 2', 30, 40),
      listener('west->east etcd', 100, 200),
      listener('etcd witness', 300, 400),
    ];
    expect(linkBytes({ listeners })).toEqual({ kafka: 10, services: 100, etcd: 1_000 });
    expect(linkBytesBetween({ kafka: 1, services: 2, etcd: 3 }, linkBytes({ listeners }))).toEqual({ kafka: 9, services: 98, etcd: 997 });
  });
});
