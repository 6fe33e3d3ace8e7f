import { z } from 'zod';

/** What is stored of an event in a commit's body. */
const storedEventSchema = z.object({ type: z.string(), schemaVersion: z.int().positive(), data: z.unknown() });
const storedBodySchema = z.object({ events: z.array(storedEventSchema).min(1) });

/** An event from the future, or of another service: it is parked and blocks its stream, loudly. */
export class UnknownEventError extends Error {
  override readonly name = 'UnknownEventError';
}

type Versions = Readonly<Record<number, z.ZodType>>;
type Latest<V extends Versions> = V extends { readonly 2: infer S }
  ? z.output<S & z.ZodType>
  : V extends { readonly 1: infer S }
    ? z.output<S & z.ZodType>
    : never;
type EventOf<D extends Readonly<Record<string, Versions>>> = { [T in keyof D]: { readonly type: T } & Latest<D[T]> }[keyof D];

export interface EventCatalogue<Event extends { readonly type: string }> {
  /** Type only: the union of all events in their newest version. */
  readonly Event: Event;
  readonly types: readonly Event['type'][];
  /** The body of a commit: JSON text of its events in their newest version. Throws when an event does not fit its schema. */
  encode(events: readonly Event[]): string;
  /** @throws UnknownEventError, ZodError, SyntaxError: the commit is to be parked. */
  decode(body: string): readonly Event[];
}

/** Upcasts data of version n to version n + 1. */
type Upcast = (data: never) => unknown;

/**
 * Declares the events of one service: every version that was ever written, newest last, with one-step upcasters between them.
 */
export function defineEvents<const D extends Readonly<Record<string, Versions>>>(
  definitions: D,
  upcasts: Readonly<Record<string, Readonly<Record<number, Upcast>>>> = {},
): EventCatalogue<EventOf<D> & { readonly type: string }> {
  const versionsOf = (type: string): Versions => {
    const versions = Object.hasOwn(definitions, type) ? definitions[type] : undefined;
    if (versions === undefined) throw new UnknownEventError(`unknown event type: ${type}`);
    return versions;
  };
  const newest = new Map(Object.entries(definitions).map(([type, versions]) => [type, Math.max(...Object.keys(versions).map(Number))]));
  const newestOf = (type: string): number => {
    versionsOf(type); // or it is unknown
    return newest.get(type)!;
  };

  const decodeOne = (stored: z.infer<typeof storedEventSchema>): unknown => {
    const schema = versionsOf(stored.type)[stored.schemaVersion];
    if (schema === undefined) throw new UnknownEventError(`unknown schema version ${stored.schemaVersion} of ${stored.type}`);
    let data: unknown = schema.parse(stored.data);
    for (let version = stored.schemaVersion; version < newestOf(stored.type); version++) {
      const upcast = upcasts[stored.type]?.[version];
      if (upcast === undefined) throw new UnknownEventError(`no upcast from version ${version} of ${stored.type}`);
      data = upcast(data as never);
    }
    return { type: stored.type, ...(data as object) };
  };

  return {
    Event: undefined as never,
    types: Object.keys(definitions) as never,
    encode: (events) =>
      JSON.stringify({
        events: events.map(({ type, ...data }) => {
          const schemaVersion = newestOf(type);
          return { type, schemaVersion, data: versionsOf(type)[schemaVersion]!.parse(data) };
        }),
      }),
    decode: (body) => storedBodySchema.parse(JSON.parse(body)).events.map(decodeOne) as never,
  };
}
