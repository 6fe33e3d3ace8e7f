/**
 * Reads compose files as `docker compose` does, as far as ours go: YAML with anchors and merge keys, variables, the Compose Specification's
 * schema, and an override laid over another file. What we do not use (extends, include, profiles of dependencies) is refused by name.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import schema from './compose-spec/compose-spec.schema.json' with { type: 'json' };

export interface Healthcheck {
  readonly test?: readonly string[];
  readonly disable?: boolean;
}

export interface ComposeService {
  image: string;
  build?: { context: string; dockerfile: string; target: string };
  command?: string[];
  /** `undefined` is handed through from whoever starts it. */
  environment: Record<string, string | undefined>;
  networks: Record<string, { aliases?: string[]; ipv4_address?: string }>;
  ports: string[];
  /** `source:target[:ro]` */
  volumes: string[];
  secrets: string[];
  depends_on: Record<string, { condition: string; required?: boolean }>;
  healthcheck?: Healthcheck;
  restart?: string;
  profiles: string[];
  stop_grace_period?: string;
  mem_limit?: string;
}

export interface ComposeFile {
  services: Record<string, ComposeService>;
  networks: Record<string, unknown>;
  volumes: Record<string, unknown>;
}

const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: false, validateFormats: false }).compile(schema);
const notRead = /^(extends|include|configs)$/;

/** What compose does not accept, or we do not read: empty when it is fine. */
export function schemaErrors(document: unknown): readonly string[] {
  if (validate(document)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
}

/** @throws Error for what is no YAML, lacks a variable that must be set, or does not keep the schema */
export function readCompose(text: string, variables: Readonly<Record<string, string>> = {}): ComposeFile {
  const document: unknown = JSON.parse(JSON.stringify(interpolated(parse(text, { merge: true, maxAliasCount: -1 }), variables), asNull));
  const errors = schemaErrors(document);
  if (errors.length > 0) throw new Error(`not a compose file:\n${errors.join('\n')}`);
  const { services = {}, networks = {}, volumes = {}, ...others } = document as Partial<Record<string, Record<string, unknown>>>;
  const unread = [...Object.keys(others), ...Object.values(services).flatMap((service) => Object.keys(service as object))];
  if (unread.some((key) => notRead.test(key)))
    throw new Error(`this reader does not follow ${unread.filter((key) => notRead.test(key)).join()}`);
  const named = Object.entries(services).map(([name, service]) => [name, normal(service as Raw)] as const);
  return { services: Object.fromEntries(named), networks, volumes };
}

/** JSON has no undefined: an empty value of YAML is null. */
const asNull = (_: string, value: unknown): unknown => (value === undefined ? null : value);

type Raw = Partial<Omit<ComposeService, 'environment' | 'networks'>> & {
  readonly environment?: Record<string, string | number | boolean | null>;
  readonly networks?: Record<string, { aliases?: string[]; ipv4_address?: string } | null>;
};

function normal(raw: Raw): ComposeService {
  const environment = Object.entries(raw.environment ?? {}).map(([name, value]) => [name, value === null ? undefined : String(value)]);
  return {
    image: '',
    ports: [],
    volumes: [],
    secrets: [],
    depends_on: {},
    profiles: [],
    ...raw,
    environment: Object.fromEntries(environment) as ComposeService['environment'],
    networks: Object.fromEntries(Object.entries(raw.networks ?? {}).map(([name, network]) => [name, network ?? {}])),
  };
}

const variable = /\$\$|\$\{(\w+)(?:(:[-?])([^}]*))?\}/g;

/** `$$`, `${NAME}`, `${NAME:-default}` and `${NAME:?why it must be set}`, in every text of the document. */
function interpolated(value: unknown, variables: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string')
    return value.replaceAll(variable, (whole, name: string | undefined, kind: string | undefined, rest: string | undefined) => {
      if (name === undefined) return '$';
      const set = variables[name] ?? '';
      if (set !== '' || kind === undefined) return set;
      if (kind === ':?') throw new Error(`${name}: ${rest ?? whole}`);
      return rest ?? '';
    });
  if (Array.isArray(value)) return value.map((each) => interpolated(each, variables));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, interpolated(each, variables)]));
}

const targetOf = (mount: string): string => mount.split(':')[1] ?? '';

/** A service of an override laid over the one below: what it names replaces, mounts by where they stand. */
export function overlaid(below: ComposeFile, above: ComposeFile): ComposeFile {
  const services = Object.entries(above.services).map(([name, over]) => {
    const under = below.services[name];
    if (under === undefined) throw new Error(`the override's service ${name} is not in the file below`);
    const kept = under.volumes.filter((mount) => !over.volumes.some((each) => targetOf(each) === targetOf(mount)));
    const service: ComposeService = {
      ...under,
      environment: { ...under.environment, ...over.environment },
      volumes: [...kept, ...over.volumes],
      secrets: [...under.secrets, ...over.secrets],
      profiles: [...under.profiles, ...over.profiles],
    };
    return [name, service] as const;
  });
  return { ...below, services: { ...below.services, ...Object.fromEntries(services) } };
}
