import type { WorkloadName } from '../plan/scenario.ts';
import { buyAndReturn } from './buy-and-return.workload.ts';
import { hoppingCustomer } from './hopping-customer.workload.ts';
import { hotSku } from './hot-sku.workload.ts';
import { placeAndCancel } from './place-and-cancel.workload.ts';
import { readYourWrites } from './read-your-writes.workload.ts';
import type { Workload } from './workload.ts';

export const workloads: Readonly<Record<WorkloadName, Workload>> = {
  'place-and-cancel': placeAndCancel,
  'hot-sku': hotSku,
  'buy-and-return': buyAndReturn,
  'read-your-writes': readYourWrites,
  'hopping-customer': hoppingCustomer,
};
