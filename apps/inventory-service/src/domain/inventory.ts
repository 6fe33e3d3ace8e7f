import type { Decider } from '#kernel';
import type { InventoryCommand, InventoryEvent } from '#contracts';
import { decideInventory } from './inventory.decide.ts';
import { evolveInventory } from './inventory.evolve.ts';
import type { InventoryRefusal } from './inventory.refusals.ts';
import type { InventoryState } from './inventory.state.ts';
import { initialState, LoadedStreams, streamsChangedBy, streamsOf } from './inventory.streams.ts';

export type { InventoryRefusal } from './inventory.refusals.ts';
export {
  streamOf,
  type Booking,
  type InventoryState,
  type Pool,
  type Product,
  type Reservation,
  type Transfer,
} from './inventory.state.ts';
export { orderOfTransfer, transferIdOf } from './transfer-id.ts';

/**
 * Decides stock: pools, the parts of reservations that fall into a shard, transfers between regions, and the catalogue's products.
 * Guarantees: no pool is ever below 0, and available + reserved + in transit + shipped = received + adjusted, summed over the pools
 * of a sku; a reservation is held in full or not at all; every operation counts once, however often its command comes. It promises
 * no order among buyers: a reservation that waits for a transfer holds nothing meanwhile.
 */
export const inventoryDecider: Decider<InventoryCommand, InventoryEvent, InventoryState, InventoryRefusal> = {
  streamsOf,
  streamsChangedBy,
  initialState,
  decide: (command, stateOf) => decideInventory(command, new LoadedStreams(stateOf)),
  evolve: evolveInventory,
};
