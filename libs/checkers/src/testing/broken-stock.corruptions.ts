import { any, by, change, itemsOf, nobody, valueOf, without, type Corruption } from './planting.ts';
import { east, tea } from './serial-shop.model.ts';

export const brokenStock: readonly Corruption[] = [
  { what: 'a unit vanishes', finds: 'stock-is-conserved', plant: change('pools', 'in west', any, (pool) => void (pool.available -= 1)) },
  {
    what: 'a receipt counts twice',
    finds: 'stock-is-conserved',
    plant: change('pools', 'in both', any, (pool) => Object.assign(pool, { received: pool.received + 12, available: pool.available + 12 })),
  },
  {
    what: 'a receipt is booked in the wrong pool',
    finds: 'stock-is-conserved',
    plant: ({ history }) => {
      for (const planted of history.planted) if (planted.sku === tea) planted.quantity += planted.home === east ? 1 : -1;
      return true;
    },
  },
  {
    what: 'a pool is gone',
    finds: 'stock-is-conserved',
    plant: change('pools', 'in both', any, without),
  },
  {
    what: 'a client sees a pool that does not add up',
    finds: 'stock-is-conserved',
    plant: by(
      'read-stock',
      ({ answer }) => answer.pools.length > 0,
      ({ answer }) => void (answer.pools[0]!.arrived += 1),
    ),
  },
  {
    what: 'the API shows a pool that has lost units',
    finds: 'stock-is-conserved',
    plant: ({ final }) => {
      valueOf(final.regions[1]!.shown!.pools.get(tea)!)[0]!.available -= 1;
      return true;
    },
  },
  {
    what: 'the API does not say what stock there is',
    finds: 'stock-is-conserved',
    plant: ({ final }) => {
      final.regions[1]!.shown!.pools.set(tea, { kind: 'unreadable', because: 'timeout' });
      return true;
    },
  },
  {
    what: 'a pool is below nothing',
    finds: 'no-pool-is-negative',
    plant: change('pools', 'in both', any, (pool) => Object.assign(pool, { reserved: pool.reserved + pool.available + 1, available: -1 })),
  },
  {
    what: 'more arrives than was sent',
    finds: 'no-pool-is-negative',
    plant: change('pools', 'in both', any, (pool) => Object.assign(pool, { arrived: pool.arrived + 1, available: pool.available + 1 })),
  },
  {
    what: 'a client sees less than nothing',
    finds: 'no-pool-is-negative',
    plant: by(
      'read-stock',
      ({ answer }) => answer.pools.length > 0,
      ({ answer }) => {
        const pool = answer.pools[0]!;
        Object.assign(pool, { reserved: pool.reserved + pool.available + 1, available: -1 });
      },
    ),
  },
  {
    what: 'a unit is held for an order that does not exist',
    finds: 'reservations-are-orders',
    plant: change('pools', 'in both', any, (pool) => Object.assign(pool, { reserved: pool.reserved + 1, available: pool.available - 1 })),
  },
  {
    what: 'a reservation is held for an order that does not exist',
    finds: 'reservations-are-orders',
    plant: change(
      'reservations',
      'in both',
      any,
      (part, all) => void all.push({ ...part, orderId: nobody, status: 'reserved', held: [{ sku: tea, quantity: 1 }] }),
    ),
  },
  {
    what: 'a reservation is held for an order that is over',
    finds: 'reservations-are-orders',
    plant: change(
      'reservations',
      'in both',
      ({ status }) => status === 'released',
      (part) => Object.assign(part, { status: 'reserved', held: [{ sku: tea, quantity: 1 }] }),
    ),
  },
  {
    what: 'a confirmed order holds nothing',
    finds: 'reservations-are-orders',
    plant: change('reservations', 'in both', ({ held }) => held.length > 0, without),
  },
  {
    what: 'a reservation holds what another order needs',
    finds: 'reservations-are-orders',
    plant: change(
      'reservations',
      'in both',
      ({ held }) => held.length > 0,
      (part) => void (part.orderId = nobody),
    ),
  },
  {
    what: 'one pool has reserved what a reservation holds of the other',
    finds: 'reservations-are-orders',
    plant: ({ final }) => {
      for (const region of final.regions)
        for (const pool of itemsOf(region, 'pools')) {
          const units = pool.home === east ? 1 : -1;
          if (pool.sku === tea) Object.assign(pool, { reserved: pool.reserved + units, available: pool.available - units });
        }
      return true;
    },
  },
  {
    what: 'the API shows a unit that is held for nobody',
    finds: 'reservations-are-orders',
    plant: ({ final }) => {
      const pool = valueOf(final.regions[1]!.shown!.pools.get(tea)!)[0]!;
      Object.assign(pool, { reserved: pool.reserved + 1, available: pool.available - 1 });
      return true;
    },
  },
  {
    what: 'the API shows as reserved what has left',
    finds: 'reservations-are-orders',
    plant: ({ final }) => {
      const pool = valueOf(final.regions[1]!.shown!.pools.get(tea)!)[0]!;
      Object.assign(pool, { reserved: pool.reserved + 1, shipped: pool.shipped - 1 });
      return true;
    },
  },
  {
    what: 'shipped units are still in the pool',
    finds: 'reservations-are-orders',
    plant: change(
      'pools',
      'in both',
      ({ shipped }) => shipped > 0,
      (pool) => Object.assign(pool, { shipped: pool.shipped - 1, reserved: pool.reserved + 1 }),
    ),
  },
  {
    what: 'a pool differs in one region',
    finds: 'stock-is-equal',
    plant: change('pools', 'in west', any, (pool) => Object.assign(pool, { shipped: pool.shipped + 1, available: pool.available - 1 })),
  },
  {
    what: 'a reservation differs in one region',
    finds: 'stock-is-equal',
    plant: change('reservations', 'in west', any, (part) => void (part.status = 'awaiting')),
  },
  {
    what: 'units never arrive',
    finds: 'nothing-is-owed',
    plant: change('pools', 'in both', any, (pool) => Object.assign(pool, { sent: pool.sent + 1, available: pool.available - 1 })),
  },
  {
    what: 'a reservation waits for ever',
    finds: 'nothing-is-owed',
    plant: change('reservations', 'in both', any, (part) => Object.assign(part, { status: 'awaiting', held: [] })),
  },
];
