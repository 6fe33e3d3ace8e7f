import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalJson,
  commandIdOf,
  customerId,
  operationIdOf,
  orderIdOf,
  orderIdSchema,
  orderIsOf,
  requestFingerprint,
} from '../index.ts';

const customers = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/).map(customerId);
const keys = fc.stringMatching(/^[\x21-\x7e]{1,40}$/);

describe('an order id', () => {
  it('is the same for the same customer and key, in whichever region, for ever', () => {
    expect(orderIdOf(customerId('alice'), 'key-1')).toBe(orderIdOf(customerId('alice'), 'key-1'));
    expect(orderIdOf(customerId('alice'), 'key-1')).toMatchInlineSnapshot(`"ord_fuj46rmenl5fyfpeckm7w5ctni"`);
  });
  it('fits its schema, belongs to its customer and to nobody else', () => {
    fc.assert(
      fc.property(customers, customers, keys, (owner, other, key) => {
        const id = orderIdOf(owner, key);
        expect(orderIdSchema.parse(id)).toBe(id);
        expect(orderIsOf(id, owner)).toBe(true);
        expect(orderIsOf(id, other)).toBe(owner === other);
      }),
    );
  });
  it('tells parts apart by their length', () => {
    expect(operationIdOf('x', 'ab', 'c')).not.toBe(operationIdOf('x', 'a', 'bc'));
    expect(orderIdOf(customerId('ab'), 'c')).not.toBe(orderIdOf(customerId('a'), 'bc'));
  });
});

describe('the fingerprint of a request', () => {
  it('does not see the order of fields, sees everything else', () => {
    expect(requestFingerprint({ a: 1, b: [{ c: 2, d: undefined }] })).toBe(requestFingerprint({ b: [{ c: 2 }], a: 1 }));
    expect(requestFingerprint({ lines: [1, 2] })).not.toBe(requestFingerprint({ lines: [2, 1] }));
    expect(requestFingerprint({ a: '1' })).not.toBe(requestFingerprint({ a: 1 }));
  });
  it('is over JSON, the same for the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(canonicalJson(JSON.parse(JSON.stringify(value)))).toBe(text);
      }),
    );
  });
});

it('a command id of a long key fits', () => {
  expect(commandIdOf('place', 'k'.repeat(200))).toMatch(/^place_[a-z2-7]{26}$/);
});
