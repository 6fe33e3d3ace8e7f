import { murmur2 } from './homes.ts';
import { commandId, type CommandId } from './ids.ts';

const lengthMax = 200;

/**
 * The id of a command that follows from something else, e.g. `ord_…:reserve:inventory.east.3`. Blanks become `+`, which no part
 * holds; what is too long for a command id ends in a hash of the whole. (A collision could only mix up two replies: work that was
 * done is recognised by the streams' states, never by command ids.)
 */
export function derivedCommandId(...parts: readonly string[]): CommandId {
  const text = parts.join(':').replaceAll(' ', '+');
  if (text.length <= lengthMax) return commandId(text);
  return commandId(`${text.slice(0, lengthMax - 9)}~${(murmur2(text) >>> 0).toString(16).padStart(8, '0')}`);
}
