import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * What proves to a receiver that a notification is ours, and is new: an HMAC-SHA256 over its time and its body. Pure.
 * `Evenkeel-Signature: t=<seconds since 1970>,v1=<hex>`, the HMAC over `<t>.<body>` with the shared secret (docs/notifications.md).
 */
export const signatureHeader = 'evenkeel-signature';

const hmacOf = (secret: string, seconds: number, body: string): Buffer =>
  createHmac('sha256', secret).update(`${seconds}.`).update(body, 'utf8').digest();

export const signatureOf = (secret: string, seconds: number, body: string): string =>
  `t=${seconds},v1=${hmacOf(secret, seconds, body).toString('hex')}`;

/** Whether the header fits the body as it came, and was made less than `toleranceSeconds` from `nowSeconds`. */
export function isSigned(secret: string, header: string, body: string, nowSeconds: number, toleranceSeconds = 300): boolean {
  const match = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header);
  if (match === null) return false;
  const seconds = Number(match[1]);
  if (Math.abs(nowSeconds - seconds) > toleranceSeconds) return false;
  return timingSafeEqual(hmacOf(secret, seconds, body), Buffer.from(match[2]!, 'hex'));
}
