import { createHash } from 'node:crypto';
import type { CommandId, CustomerId, OrderId } from '../ids.ts';
import { canonicalJson } from './canonical-json.ts';

export { canonicalJson } from './canonical-json.ts';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** SHA-256 over the parts, each preceded by its length in bytes, so that ('ab', 'c') and ('a', 'bc') differ. */
function digestOf(parts: readonly string[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = Buffer.from(part, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return hash.digest();
}

/** RFC 4648 base32 in lower case, its first `characters` characters. */
function base32(bytes: Buffer, characters: number): string {
  let text = '';
  for (let i = 0; i < characters; i++) {
    const bit = i * 5;
    const pair = ((bytes[bit >> 3] ?? 0) << 8) | (bytes[(bit >> 3) + 1] ?? 0);
    text += alphabet[(pair >> (11 - (bit & 7))) & 31];
  }
  return text;
}

const ownPartCharacters = 16;
const ownerPartCharacters = 10;

const ownerPartOf = (customer: CustomerId, ownPart: string): string =>
  base32(digestOf(['order-owner', customer, ownPart]), ownerPartCharacters);

/**
 * The order id of a customer's request: a retry, in whichever region, meets the same order in the same shard. 80 bits are derived
 * from (customer, idempotency key), 50 more bind those to the customer: `orderIsOf` below needs no lookup.
 */
export function orderIdOf(customer: CustomerId, idempotencyKey: string): OrderId {
  const ownPart = base32(digestOf(['order', customer, idempotencyKey]), ownPartCharacters);
  return `ord_${ownPart}${ownerPartOf(customer, ownPart)}` as OrderId;
}

/**
 * Whether the id was derived for this customer, so that nobody reaches another one's order, and nothing is written or read to find
 * that out. A false yes has odds of 2^-50 per id, and a caller does not choose the customer in its token.
 */
export function orderIsOf(order: OrderId, customer: CustomerId): boolean {
  const ownPart = order.slice(4, 4 + ownPartCharacters);
  return order.slice(4 + ownPartCharacters) === ownerPartOf(customer, ownPart);
}

/** An id of one operation (`rcp_…`) derived from what names it: asked twice, it is the same operation. */
export const operationIdOf = (prefix: string, ...parts: readonly string[]): string =>
  `${prefix}_${base32(digestOf([prefix, ...parts]), 26)}`;

/** A command's id: the same request is the same command; another body under the same key is another command. */
export const commandIdOf = (type: string, ...parts: readonly string[]): CommandId => operationIdOf(type, ...parts) as CommandId;

/** SHA-256, hex, of the validated body: tells a retry from a key that is used again. Blanks and order of fields do not matter. */
export const requestFingerprint = (body: unknown): string => createHash('sha256').update(canonicalJson(body)).digest('hex');
