import { InvalidArgumentError, type Command } from 'commander';
import type { ControlClient, LinksStatus } from '#embedded-runtime';

type LinkControl = Pick<ControlClient, 'links' | 'delay' | 'cut' | 'heal'>;

export interface LinkVerbContext {
  readonly control: () => LinkControl;
  readonly print: (line: string) => void;
}

type Directions = Pick<LinksStatus, 'directions'>['directions'];

export interface NamedLink {
  readonly from: string;
  readonly to?: string;
  readonly direction: 'one-way' | 'both';
}

/** `east-west`: both ways; `east->west`: one way; `east`: all links of east, both ways. Region names may hold dashes. */
export function linkNamed(name: string, directions: Directions): NamedLink {
  for (const { from, to } of directions) {
    if (name === `${from}->${to}`) return { from, to, direction: 'one-way' };
    if (name === `${from}-${to}`) return { from, to, direction: 'both' };
  }
  if (directions.some(({ from }) => from === name)) return { from: name, direction: 'both' };
  throw new Error(`no link ${name}; there are ${directions.map(({ from, to }) => `${from}-${to}`).join(', ')}`);
}

const milliseconds = (text: string): number => {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('expected whole milliseconds, 0 to 60000');
  return Number(text);
};

/** Adds `link delay|cut|heal|status` to a program. */
export function addLinkVerb(program: Command, { control, print }: LinkVerbContext): void {
  const link = program
    .command('link')
    .description('disturb the links between regions: LINK is east-west (both ways), east->west (one way) or east (all of its links)');
  const act = async (
    options: { json?: boolean },
    change: (control: LinkControl, directions: Directions) => Promise<void>,
  ): Promise<void> => {
    const client = control();
    await change(client, (await client.links()).directions);
    const { directions } = await client.links();
    if (options.json === true) print(JSON.stringify({ directions }));
    else for (const line of described(directions)) print(line);
  };

  link
    .command('delay <link> <ms>')
    .description('every byte arrives this much later, each way')
    .option('--json')
    .action((name: string, ms: string, options: { json?: boolean }) =>
      act(options, (client, directions) => client.delay({ ...linkNamed(name, directions), ms: milliseconds(ms) })),
    );
  link
    .command('cut <link>')
    .description('nothing passes any more, until it is healed')
    .option('--reset', 'connections are reset, instead of hanging in silence')
    .option('--json')
    .action((name: string, options: { json?: boolean; reset?: boolean }) =>
      act(options, (client, directions) =>
        client.cut({ ...linkNamed(name, directions), how: options.reset === true ? 'reset' : 'silent' }),
      ),
    );
  link
    .command('heal [link]')
    .description('takes delays and cuts away: of one link, or of all')
    .option('--json')
    .action((name: string | undefined, options: { json?: boolean }) =>
      act(options, (client, directions) => {
        if (name === undefined) return client.heal();
        const { from, to } = linkNamed(name, directions);
        return client.heal(to === undefined ? { from } : { from, to });
      }),
    );
  link
    .command('status', { isDefault: true })
    .description('what is wrong with each direction')
    .option('--json')
    .action((options: { json?: boolean }) => act(options, () => Promise.resolve()));
}

const described = (directions: Directions): readonly string[] =>
  directions.map(({ from, to, delayMs, cut }) => {
    const faults = [
      ...(delayMs > 0 ? [`delayed ${delayMs} ms`] : []),
      ...(cut === 'none' ? [] : [cut === 'silent' ? 'cut' : 'cut with reset']),
    ];
    return `${from}->${to}: ${faults.length === 0 ? 'sound' : faults.join(', ')}`;
  });
