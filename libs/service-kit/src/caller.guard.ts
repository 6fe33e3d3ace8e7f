import { type CanActivate, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { assert } from '#kernel';
import type { FastifyRequest } from 'fastify';
import { type Caller, type CallerVerifier, hasRole, type Role } from './identity.ts';
import { problem } from './problem.ts';

const publicKey = Symbol('evenkeel:public');
const rolesKey = Symbol('evenkeel:roles');
const callers = new WeakMap<object, Caller>();

/** No caller is asked for: catalogue reads, and `/internal/` routes between services of one region (the edge forwards none). */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(publicKey, true);

/** The caller must hold one of these roles, else 403. */
export const RequireRole = (...roles: [Role, ...Role[]]): MethodDecorator & ClassDecorator => SetMetadata(rolesKey, roles);

/** The verified caller. Not on `@Public()` routes. */
export const CallerParam = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const caller = callers.get(context.switchToHttp().getRequest<FastifyRequest>().raw);
  assert(caller !== undefined, 'a route with @CallerParam() is not @Public()');
  return caller;
});

/** Of the handler, else of its class. */
function metadataOf(key: symbol, context: ExecutionContext): unknown {
  const ofHandler: unknown = Reflect.getMetadata(key, context.getHandler());
  return ofHandler ?? Reflect.getMetadata(key, context.getClass());
}

/** Global: every route needs a caller unless it is `@Public()`. */
export class CallerGuard implements CanActivate {
  readonly #verifier: CallerVerifier;
  constructor(verifier: CallerVerifier) {
    this.#verifier = verifier;
  }
  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (metadataOf(publicKey, context) === true) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const caller = await this.#verifier.verify(request.headers.authorization);
    const roles = metadataOf(rolesKey, context) as readonly Role[] | undefined;
    if (roles !== undefined && !roles.some((role) => hasRole(caller, role)))
      throw problem('forbidden', { detail: `This needs the role ${roles.join(' or ')}.` });
    callers.set(request.raw, caller);
    return true;
  }
}
