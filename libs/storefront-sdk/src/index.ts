export {
  createStorefront,
  type PlaceOrderInput,
  type PlaceOrderOptions,
  type ReadOptions,
  type ReturnLinesInput,
  type Storefront,
  type StorefrontOptions,
} from './storefront.ts';
export { inMemoryIntents, IntentStoreFullError, storedIntents, type Intent, type IntentStore, type TextStorage } from './intents.ts';
export { StorefrontError, valueOf, type Because, type ReadResult, type WriteResult } from './result.ts';
export type { ApiProblem } from './core/problem.ts';
export type { CallOptions } from './caller.ts';
export type { WriteOptions } from './writes.ts';
export type { EndpointStatus } from './region-book.ts';
