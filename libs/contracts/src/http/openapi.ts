import { z } from 'zod';
import { problemKinds, type ProblemCode, problemSchema } from './problems.ts';
import type { Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

/** What every route may answer with, besides its own. */
const everywhere: readonly ProblemCode[] = [
  'malformed-json',
  'invalid-request',
  'body-too-large',
  'unsupported-media-type',
  'too-many-requests',
  'internal',
  'unavailable',
];

/** JSON Schema of what stands on the wire: the input side, for brands and numbers from text are added behind it. */
function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output' = 'input'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12', unrepresentable: 'any' }) as Record<
    string,
    unknown
  >;
  return rest;
}

function parametersOf(route: Route): Json[] {
  const fields = (place: 'path' | 'query', schema: z.ZodObject | undefined): Json[] => {
    if (schema === undefined) return [];
    const { required = [] } = jsonSchemaOf(schema) as { required?: string[] };
    // A number in a query is text until it is read: its output side is what documents it.
    const { properties = {} } = jsonSchemaOf(schema, place === 'query' ? 'output' : 'input') as { properties?: Record<string, Json> };
    return Object.entries(properties).map(([name, property]) => ({
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      schema: property,
    }));
  };
  const headers = (route.headers ?? []).map(({ name, required, description }) => ({
    name,
    in: 'header',
    required,
    description,
    schema: { type: 'string' },
  }));
  return [...fields('path', route.params), ...fields('query', route.query), ...headers];
}

function problemsOf(route: Route): Record<string, Json> {
  const asked: ProblemCode[] =
    route.access === 'public' ? [] : route.access === 'operator' ? ['unauthenticated', 'forbidden'] : ['unauthenticated'];
  const codes = new Set([...everywhere, ...asked, ...(route.problems ?? [])]);
  const byStatus: Record<string, Json> = {};
  for (const status of new Set(Array.from(codes, (code) => problemKinds[code].status))) {
    const here = [...codes].filter((code) => problemKinds[code].status === status);
    byStatus[status] = {
      description: here.map((code) => `\`${code}\`: ${problemKinds[code].title}`).join('. '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  return byStatus;
}

function operationOf(route: Route): Json {
  const answers = Object.entries(route.answers).map(([status, { description, schema }]) => [
    status,
    { description, content: { 'application/json': { schema: jsonSchemaOf(schema) } } },
  ]);
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: route.access === 'public' ? [] : [{ bearer: route.access === 'operator' ? ['operator'] : [] }],
    parameters: parametersOf(route),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: jsonSchemaOf(route.body) } } } }),
    responses: { ...Object.fromEntries(answers), ...problemsOf(route) },
  };
}

/** One OpenAPI 3.1 document of the routes. Fails when two claim the same place. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {});
    if (path[route.method] !== undefined) throw new Error(`two routes claim ${route.method} ${route.path}`);
    path[route.method] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Evenkeel storefront',
      version,
      description:
        'Orders, products and stock of two regions. Ask either: each serves every customer. Errors are RFC 9457 problems with a stable `code`.',
    },
    paths,
    components: {
      schemas: { Problem: jsonSchemaOf(problemSchema) },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}
