export type * from './core/records.ts';
export * from './cluster.port.ts';
export type * from './settled-feed.port.ts';
export type * from './snapshots.port.ts';
export type * from './command-gateway.port.ts';
