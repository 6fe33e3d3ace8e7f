import type { Command } from 'commander';
import { runtime } from '../terminal/home.ts';
import { answerWith, verb, type CommonOptions } from '../terminal/verb.ts';

interface CutOptions extends CommonOptions {
  readonly reset: boolean;
}

/**
 * Cuts a region off: all that crosses between it and other regions or the witness (mirrors, forwarded HTTP, etcd's peers), both ways.
 * Its clients and the DNS servers' health checks still reach it: they come over the clients' network.
 */
export const cutRegionVerb = (): Command =>
  verb('cut <region>', 'cut all links of a region, also those to the witness; it lives on, alone')
    .option('--reset', 'connections are reset, instead of hanging in silence', false)
    .action((region: string, options: CutOptions) =>
      answerWith(options, async () => {
        const how = options.reset ? 'reset' : 'silent';
        await runtime().cut({ from: region, direction: 'both', how });
        return { value: { region, cut: how }, text: `${region}: cut off` };
      }),
    );

export const healRegionVerb = (): Command =>
  verb('heal <region>', 'take cuts and delays of all links of a region away').action((region: string, options: CommonOptions) =>
    answerWith(options, async () => {
      await runtime().heal({ from: region });
      return { value: { region, cut: 'none' }, text: `${region}: connected again` };
    }),
  );
