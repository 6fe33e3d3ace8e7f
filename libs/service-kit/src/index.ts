export { problem, refusalProblem, problemBody, problemContentType, ProblemError, type ProblemOptions } from './problem.ts';
export { problemFromError } from './problem-from-error.ts';
export { ProblemFilter, sendProblem } from './problem.filter.ts';
export { traceIdOf } from './request-trace.ts';
export { ZodBody, ZodQuery, ZodParam, ZodPipe, validated, fieldOf, fieldErrorsOf } from './validation.ts';
export { loadProcessConfig, loadTopology, ConfigError, type ProcessConfig } from './process-config.ts';
export { HealthRegistry, serveHealth, type HealthCheck, type HealthReport } from './health.ts';
export { Lifecycle, StoppedError, type Stop, type LifecycleOptions } from './lifecycle.ts';
export { createLogger, type LogOptions } from './logger.ts';
export { createVerifier, JwtVerifier, hasRole, mayActForOthers, type Caller, type CallerVerifier, type Role } from './identity.ts';
export { CallerGuard, CallerParam, Public, RequireRole } from './caller.guard.ts';
export {
  headerNames,
  idempotencyKeyOf,
  preferencesOf,
  consistencyTokenOf,
  onBehalfOf,
  IdempotencyKey,
  Prefer,
  ConsistencyToken,
  OnBehalfOf,
  type Preferences,
} from './request-headers.ts';
export { createServiceApp, listenOn, bodyLimitBytesDefault, type CrossOrigin, type ServiceAppOptions } from './service-app.ts';
export { runProcess, type ProcessParts, type RunOptions } from './run-process.ts';
export { COMMAND_GATEWAY, TOPOLOGY, REGION, CLOCK, systemClock, type Clock } from './tokens.ts';
export {
  decideDeadlineMs,
  settledWrite,
  outcomeUnknown,
  ownerHeader,
  notOwnedHere,
  writeAnswer,
  queuedAnswer,
  type SettledWrite,
  type Refusal,
} from './settled-write.ts';
