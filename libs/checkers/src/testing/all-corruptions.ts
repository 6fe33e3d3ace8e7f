import { brokenHistories } from './broken-histories.corruptions.ts';
import { brokenOrders } from './broken-orders.corruptions.ts';
import { brokenPayments, brokenSums } from './broken-payments.corruptions.ts';
import { brokenStock } from './broken-stock.corruptions.ts';
import type { Corruption } from './planting.ts';

export const allCorruptions: readonly Corruption[] = [
  ...brokenOrders,
  ...brokenStock,
  ...brokenPayments,
  ...brokenSums,
  ...brokenHistories,
];
