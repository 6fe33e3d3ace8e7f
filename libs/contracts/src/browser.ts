/**
 * The part of the contracts that runs in a browser: what a storefront needs. Reaches no module of Node, nor its globals;
 * `the-sdk-runs-in-browsers` among the structure rules watches the first, the linter the second.
 */
export * from './ids.ts';
export * from './values.ts';
export { homeOf } from './homes.ts';
export { parseShardId, type ShardId } from './shards.ts';
export * from './consistency-token.ts';
export * from './http/canonical-json.ts';
export * from './http/problems.ts';
export type { Route } from './http/route.ts';
export * from './http/write-answers.ts';
export * from './http/read-answers.ts';
export * from './http/orders.writes.ts';
export * from './http/orders.reads.ts';
export * from './http/products.reads.ts';
export * from './http/regions.reads.ts';
