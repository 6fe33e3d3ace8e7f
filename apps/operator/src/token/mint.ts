import { identityKey, mintToken, runtimeHome, type TokenClaims } from '#embedded-runtime';
import type { Topology } from '#contracts';

/** A token of the runtime's own identity provider, which need not run for it. */
export async function mintFor(topology: Topology, claims: Pick<TokenClaims, 'subject' | 'roles' | 'validForSeconds'>): Promise<string> {
  const { issuer, audience } = topology.identity;
  return mintToken(await identityKey(runtimeHome().identityKey), { ...claims, issuer, audience });
}
