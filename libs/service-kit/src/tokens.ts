/** Injection tokens of what every service's modules provide. */

/** `CommandGateway` of #shard-log. */
export const COMMAND_GATEWAY = Symbol('CommandGateway');
/** `Topology` of #contracts. */
export const TOPOLOGY = Symbol('Topology');
/** `Region` of #contracts: where this process runs. */
export const REGION = Symbol('Region');
/** `Clock`. */
export const CLOCK = Symbol('Clock');

/** Now, ISO 8601 in UTC. Never used for order or safety. */
export type Clock = () => string;
export const systemClock: Clock = () => new Date().toISOString();
