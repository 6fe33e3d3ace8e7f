export { accept, reject, type Decider, type Decision } from './decider.ts';
export { assert, assertNever, AssertionError } from './assert.ts';
export { deciderSpec, type DeciderSpec } from './decider-spec.ts';
