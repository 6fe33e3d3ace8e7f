/**
 * Where a commit came from, read from its events: what is done with one that is stranded.
 *
 * `outside`: a client, an operator or the payment provider asked for it, and this is the command, so that it can be offered again. Decided
 * on the state that it was decided on, it gives the same events. `derived`: a process manager asked for it because of the state of an
 * order or payment; wherever that state still needs it, it is asked for again, so offering it would at best repeat it.
 */
export type CommitOrigin<Command> =
  | { readonly origin: 'outside'; readonly command: Command }
  | { readonly origin: 'derived'; readonly because: string }
  /** From outside, but its events do not say all of the command: the product as it is listed must be looked up. */
  | { readonly origin: 'incomplete'; readonly because: string };

export const derived = (because: string): { readonly origin: 'derived'; readonly because: string } => ({ origin: 'derived', because });
