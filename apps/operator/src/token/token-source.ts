import type { Topology } from '#contracts';
import type { TokenClaims } from '#embedded-runtime';
import { mintFor } from './mint.ts';

const tokenSeconds = 3600;
const renewedBeforeSeconds = 600;

/** A token for long work: minted anew before it expires. */
export function tokenSource(topology: Topology, claims: Pick<TokenClaims, 'subject' | 'roles'>): () => Promise<string> {
  let minted: { readonly token: Promise<string>; readonly untilMs: number } | undefined;
  return () => {
    if (minted === undefined || performance.now() > minted.untilMs) {
      const token = mintFor(topology, { ...claims, validForSeconds: tokenSeconds });
      minted = { token, untilMs: performance.now() + (tokenSeconds - renewedBeforeSeconds) * 1000 };
    }
    return minted.token;
  };
}
