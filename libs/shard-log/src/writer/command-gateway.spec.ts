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

it('hands a command to a writer in this process, and sends it nowhere', async () => {
  const gateway = await gatewayWhere(() => Promise.resolve(reply));
  expect(await gateway.decide(command)).toEqual(settled);
  expect(sent()).toBe(0);
});

it('sends it to the instance that has the writer, also when the shard went there while the command waited here', async () => {
  const moved = Promise.withResolvers<undefined>();
  const gateway = await gatewayWhere(() => moved.promise);
  const answer = gateway.decide(command);
  moved.resolve(undefined);
  await eventually(() => sent() === 1);
  broker.store('replies', 0, [{ key: command.commandId, headers: {}, value: JSON.stringify(reply) }]);
  expect(await answer).toEqual(settled);
});

it('knows nothing at the deadline, and sends nothing after it', async () => {
  const hangs = Promise.withResolvers<undefined>();
  const gateway = await gatewayWhere(() => hangs.promise);
  expect(await gateway.decide({ ...command, deadlineMs: 20 })).toEqual({ kind: 'unknown' });
  hangs.resolve(undefined);
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
