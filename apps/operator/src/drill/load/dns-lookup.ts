import { Resolver } from 'node:dns/promises';

export interface DnsLookup {
  /** The addresses of the name, from the first server that answers, beginning with the `first`th. @throws Error when none does */
  readonly resolve: (first: number) => Promise<readonly string[]>;
  readonly close: () => void;
}

/** One server's time to answer. A server whose region is lost refuses at once; one that hangs costs this much. */
const serverTimeoutMs = 500;

/** Asks authoritative servers over the wire, each time anew: no cache, no hosts file. Like a resolver that knows all NS records. */
export function dnsLookup(name: string, servers: readonly string[]): DnsLookup {
  const resolvers = servers.map((server) => {
    const resolver = new Resolver({ timeout: serverTimeoutMs, tries: 1 });
    resolver.setServers([server]);
    return resolver;
  });
  return {
    resolve: async (first) => {
      let last: unknown = new Error(`nobody answers for ${name}: no server is known`);
      for (let i = 0; i < resolvers.length; i++)
        try {
          return await resolvers[(first + i) % resolvers.length]!.resolve4(name);
        } catch (error) {
          last = error;
        }
      throw last;
    },
    close: () => resolvers.forEach((resolver) => resolver.cancel()),
  };
}
