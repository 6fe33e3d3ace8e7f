export * from './lineage-store.port.ts';
export { illegalSteps } from './succession.ts';
export { lastSegmentOf, shardsMirroredBy, shardsOwnedBy } from './ownership.ts';
export { IllegalLineageError, swapAndReadBack, type SwapOptions } from './swap.ts';
export { InMemoryLineageStore, type StoreFault } from './in-memory/in-memory-lineage.store.ts';
export { EtcdLineageStore, type EtcdLineageOptions } from './etcd/etcd-lineage.store.ts';
export { AgentLease, type AgentLeaseOptions } from './etcd/agent.lease.ts';
