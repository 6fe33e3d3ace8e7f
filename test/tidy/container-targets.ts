import type { ScrapeTarget } from '#embedded-runtime';

interface ComposeService {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks?: Readonly<Record<string, { readonly aliases?: readonly string[] } | null>>;
}
export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
}

/** What Prometheus must ask for metrics when the system runs as containers: each of our processes in a region, and each member of etcd. */
export const containerTargets = ({ services }: ComposeFile): readonly ScrapeTarget[] =>
  Object.entries(services).flatMap(([instance, service]): readonly ScrapeTarget[] => {
    const {
      ETCD_NAME: member,
      ETCD_ADVERTISE_CLIENT_URLS: url,
      EVENKEEL_REGION: region,
      EVENKEEL_LISTEN: listen,
    } = service.environment ?? {};
    if (member !== undefined) return [{ job: 'etcd', address: new URL(url!).host, region: member, service: 'etcd', instance }];
    const [, app, entry] = /dist\/processes\/([a-z-]+)\/(main|projector)\.js/.exec([...(service.command ?? [])].join(' ')) ?? [];
    if (app === undefined || region === undefined) return [];
    const address = `${hostOf(instance, service)}:${listen!.split(':')[1]}`;
    const name = entry === 'main' ? app : app.replace(/-service$/, '-projector');
    return [{ job: 'evenkeel', address, region, service: name, instance }];
  });

/** Its name where it is asked: not on the link, which a cut takes away. */
function hostOf(instance: string, { networks = {} }: ComposeService): string {
  const aliases = Object.entries(networks).flatMap(([network, joined]) => (network === 'link' ? [] : (joined?.aliases ?? [])));
  return aliases[0] ?? instance;
}
