import {
  derivedCommandId,
  orderId,
  partitionOf,
  shardId,
  shardOf,
  type Homes,
  type InventoryCommand,
  type InventoryEvent,
  type ShardId,
} from '#contracts';
import type { ProcessDefinition, RequiredCommand } from '#process-manager';
import { orderOfTransfer } from './transfer-id.ts';
import type { OpenTransfer, TransfersState } from './transfers.state.ts';

export type { OpenTransfer, TransfersState } from './transfers.state.ts';

/**
 * Carries units between pools: what a waiting reservation asks for is asked of the other region's shard, and the answer is brought
 * to the asker's. Keyed by order id. No command crosses regions: each region sees the other's settled events and commands only the
 * shards that it owns. What was sent is always received, also when the reservation has ended meanwhile.
 */
export function transfersProcess({ partitions }: Homes): ProcessDefinition<InventoryEvent, TransfersState, InventoryCommand> {
  return {
    name: 'transfers',
    keysOf: transferOrdersOf,
    initial: (key) => ({ orderId: orderId(key), open: [], lines: {} }),
    evolve: (state, event, { shard }) => slim(evolve(state, event, shard)),
    required: (state, now) => state.open.flatMap((transfer) => requiredOf(state, transfer, now, partitions)),
    deadlineOf: () => undefined,
    done: (state) => state.open.every((transfer) => requiredOf(state, transfer, '', partitions).length === 0),
  };
}

function transferOrdersOf(event: InventoryEvent): readonly string[] {
  switch (event.type) {
    case 'StockAwaited':
    case 'StockTransferReceived':
      return [event.orderId];
    case 'StockTransferSent':
    case 'StockTransferRefused':
      return [orderOfTransfer(event.transferId)];
    default:
      return []; // the rest moves nothing between regions
  }
}

function evolve(state: TransfersState, event: InventoryEvent, shard: ShardId): TransfersState {
  switch (event.type) {
    case 'StockAwaited': {
      const open = event.transfers.reduce<Changes>((changes, { transferId, sku, quantity, from }) => {
        return changes.set(transferId, { asked: { by: shard, sku, quantity, from } });
      }, new Map());
      return { ...state, lines: { ...state.lines, [shard]: event.lines }, open: changed(state.open, open) };
    }
    case 'StockTransferSent':
      return { ...state, open: changed(state.open, new Map([[event.transferId, { sent: event.quantity }]])) };
    case 'StockTransferRefused':
      return { ...state, open: changed(state.open, new Map([[event.transferId, { sent: 0 }]])) };
    case 'StockTransferReceived':
      return { ...state, open: changed(state.open, new Map([[event.transferId, { received: true }]])) };
    default:
      return state;
  }
}

type Changes = Map<string, Partial<Omit<OpenTransfer, 'transferId'>>>;

/** The transfers with what was learnt of them, in order of id; those of which everything is known are dropped. */
function changed(open: readonly OpenTransfer[], changes: Changes): readonly OpenTransfer[] {
  const byId = new Map(open.map((transfer) => [transfer.transferId, transfer]));
  for (const [transferId, change] of changes) {
    const before = byId.get(transferId) ?? { transferId, asked: undefined, sent: undefined, received: false };
    byId.set(transferId, { ...before, ...change });
  }
  return [...byId.values()]
    .filter(({ asked, sent, received }) => asked === undefined || sent === undefined || !received)
    .sort((a, b) => (a.transferId < b.transferId ? -1 : 1));
}

/** Drops the lines of shards that wait for nothing any more. */
function slim(state: TransfersState): TransfersState {
  const waiting = new Set(state.open.flatMap(({ asked, received }) => (asked === undefined || received ? [] : [asked.by])));
  const lines = Object.entries(state.lines).filter(([shard]) => waiting.has(shard as ShardId));
  return { ...state, lines: Object.fromEntries(lines) };
}

function requiredOf(
  state: TransfersState,
  { transferId, asked, sent, received }: OpenTransfer,
  now: string,
  partitions: number,
): readonly RequiredCommand<InventoryCommand>[] {
  if (asked === undefined || received) return [];
  const { by, sku, quantity, from } = asked;
  const common = { key: sku, correlation: state.orderId };
  if (sent === undefined) {
    const shard = shardId({ service: 'inventory', home: from, partition: partitionOf(sku, partitions) });
    const command: InventoryCommand = { type: 'SendTransfer', transferId, sku, quantity, to: shardOf(by).home, now };
    return [{ ...common, commandId: derivedCommandId(transferId, 'send'), shard, command }];
  }
  const lines = [...(state.lines[by] ?? [])];
  const command: InventoryCommand = { type: 'ReceiveTransfer', transferId, orderId: state.orderId, sku, quantity: sent, from, lines, now };
  return [{ ...common, commandId: derivedCommandId(transferId, 'receive'), shard: by, command }];
}
