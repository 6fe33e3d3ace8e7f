import { paymentEvents, type Region, type ShardId, type Topology } from '#contracts';
import { openCommandEmitter, runProcessManager, TraceMemory } from '#process-manager';
import type { ParkedRecords } from '#projections';
import type { LogCluster } from '#shard-log';
import { metricNames, metrics, traceIdIn } from '#telemetry';
import type { Logger } from 'pino';
import { intentsProcess, outstandingCalls } from '../domain/intents.ts';
import { HttpPaymentProvider } from '../provider/http-payment-provider.ts';
import { WatchedPaymentProvider } from '../provider/watched-payment-provider.ts';
import { OutcomeShards, paymentShardOf } from './outcome-shards.ts';
import { ProviderCaller } from './provider-caller.ts';

export interface ProviderCalls {
  readonly caller: ProviderCaller;
  readonly parked: ParkedRecords;
  stop(): Promise<void>;
}

export interface CallProviderOptions {
  readonly here: Region;
  readonly topology: Topology;
  readonly cluster: LogCluster;
  readonly databaseUrl: string;
  readonly ownerOf: (shard: ShardId) => Region | undefined;
  /** Which states this region calls the provider for changes with the owners: all of them are told again then. */
  readonly onOwnersChanged: (listener: () => void) => () => void;
  readonly log: Logger;
}

/** Raised when the same events shall give other intents: they are then folded anew. */
const intentsVersion = 1;
const movementsRefused = metrics.counter(metricNames.movementsRefused);
/** Longer than a provider usually takes: a late answer costs another call under the same key, never another charge. */
const providerTimeoutMs = 5_000;

/** Folds settled payment events and asks the provider for what is outstanding in the shards that this region owns. */
export async function startProviderCalls(options: CallProviderOptions): Promise<ProviderCalls> {
  const { here, topology, cluster, log } = options;
  const shards = new OutcomeShards();
  const traces = new TraceMemory();
  const emitter = await openCommandEmitter(cluster, 'provider-outcomes', traces);
  const caller = new ProviderCaller({
    provider: new WatchedPaymentProvider(
      new HttpPaymentProvider({ url: topology.paymentProvider.url, timeoutMs: providerTimeoutMs }),
      (order) => traces.traceparentOf(order),
    ),
    emit: (outcomes) =>
      emitter.emit(
        shards
          .addressed(outcomes)
          .map(({ commandId, shard, orderId, command }) => ({ commandId, shard, key: orderId, correlation: orderId, command })),
      ),
    onTrouble: ({ what, key, failures, error }) =>
      log.warn({ what, key, failures, error: String(error) }, 'the provider was not reached; it is asked again'),
    onRefused: ({ kind, orderId, reason }) => {
      movementsRefused.add({ kind });
      const traceId = traceIdIn(traces.traceparentOf(orderId));
      log.warn(
        { kind, orderId, reason, traceId },
        'the provider refused to move money for good: somebody must settle it with the customer',
      );
    },
  });
  const manager = await runProcessManager({
    definition: intentsProcess,
    version: intentsVersion,
    services: ['payment'],
    catalogue: paymentEvents,
    here,
    topology,
    cluster,
    databaseUrl: options.databaseUrl,
    schema: 'payment_intents',
    ownerOf: options.ownerOf,
    onOwnersChanged: options.onOwnersChanged,
    traces,
    onState: (orderId, state) => {
      const shard = paymentShardOf(topology, state);
      const calls = shard !== undefined && options.ownerOf(shard) === here ? outstandingCalls(state) : [];
      shards.set(orderId, calls.length === 0 ? undefined : shard);
      caller.setOutstanding(orderId, calls);
    },
    // Another instance calls now: this one would repeat what it knows for ever, for nobody tells it how it came out.
    onDeposed: () => {
      shards.clear();
      caller.clearOutstanding();
    },
    log,
  });
  return {
    caller,
    parked: manager.parked,
    stop: async () => {
      await manager.stop();
      await caller.close();
      await emitter.close();
    },
  };
}
