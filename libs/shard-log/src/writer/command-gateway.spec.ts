import { beforeEach, expect, it } from 'vitest';
import { commandId, region, shardId, type Reply, type Topology } from '#contracts';
import { eventually } from '#test-kit';
import type { SendCommand } from '../command-gateway.port.ts';
import { InMemoryBroker } from '../in-memory/in-memory-broker.ts';
import { KafkaCommandGateway, type SettledView } from './command-gateway.ts';
import { eastern, twoTestRegions } from './two-regions.fixture.ts';

const here = region('east');
const shard = shardId({ service: 'order', home: here, partition: 0 });
const command: SendCommand = {
  shard,
  key: 'k',
  commandId: commandId('c'),
  correlation: 'c',
  traceparent: '',
  command: { type: 'Take' },
  deadlineMs: 5_000,
};
const reply: Reply = { commandId: command.commandId, shard, term: 1, seq: 3, result: { outcome: 'accepted', changed: true } };
const settled = { kind: 'settled', durability: 'global', seq: 3, result: reply.result };

let broker: InMemoryBroker;
beforeEach(() => {
  broker = new InMemoryBroker();
  broker.create('order.commands', 1);
  broker.create('replies', 1);
});

const sent = (): number => broker.log('order.commands', 0).length;
const gatewayWhere = (decideHere: SettledView['decideHere']): Promise<KafkaCommandGateway> =>
  KafkaCommandGateway.open({
    here,
    service: 'order',
    topology: {} as Topology,
    cluster: broker.connect(),
    view: { decideHere, ownerOf: () => here, fateOf: () => 'global', onSettled: () => () => undefined },
    onStopped: () => undefined,
  });

it('hands a command that may overtake to a writer in this process, and sends it nowhere', async () => {
  const gateway = await gatewayWhere(() => Promise.resolve(reply));
  expect(await gateway.decide({ ...command, mayOvertake: true })).toEqual(settled);
  expect(sent()).toBe(0);
});

it.each([
  { name: 'one whose writer is not here', mayOvertake: true, decideHere: () => undefined },
  { name: 'one that may not overtake', mayOvertake: false, decideHere: () => Promise.resolve(reply) },
])('sends $name through the topic', async ({ mayOvertake, decideHere }) => {
  const gateway = await gatewayWhere(decideHere);
  const answer = gateway.decide({ ...command, mayOvertake });
  await eventually(() => sent() === 1);
  broker.store('replies', 0, [{ key: command.commandId, headers: {}, value: JSON.stringify(reply) }]);
  expect(await answer).toEqual(settled);
});

it('believes only the writer about what it handed over, and knows nothing at the deadline', async () => {
  const gateway = await gatewayWhere(() => new Promise(() => undefined));
  const answer = gateway.decide({ ...command, mayOvertake: true, deadlineMs: 50 });
  // Another caller's copy of the same command was turned away.
  const turnedAway = { ...reply, result: { outcome: 'unavailable', reason: 'too many commands' } };
  broker.store('replies', 0, [{ key: command.commandId, headers: {}, value: JSON.stringify(turnedAway) }]);
  expect(await answer).toEqual({ kind: 'unknown' });
  expect(sent()).toBe(0);
});

it('is wired to the writers: what is asked where they are stands in no topic but the events', async () => {
  const two = await twoTestRegions();
  await eventually(() => two.regions.east.writers.status.open.includes(eastern));
  expect(await two.regions.east.take(eastern, 's', 'a')).toMatchObject({ kind: 'settled', seq: 1 });
  expect(await two.regions.east.take(eastern, 's', 'full')).toMatchObject({ result: { outcome: 'refused', refusal: { code: 'full' } } });
  const logs = ['inventory.commands', 'replies', 'inventory.events'].map((topic) => two.regions.east.broker.log(topic, 0));
  expect(logs.map((log) => log.length)).toEqual([0, 0, 2]); // the fence and the commit
});
