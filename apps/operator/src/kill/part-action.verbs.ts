import type { Command } from 'commander';
import type { PartAction } from '#embedded-runtime';
import { runtime } from '../terminal/home.ts';
import { answerWith, verb, type CommonOptions } from '../terminal/verb.ts';

const done = { kill: 'killed; it is started again', pause: 'paused', resume: 'resumed' } as const satisfies Partial<
  Record<PartAction, string>
>;

const partActionVerb = (action: keyof typeof done, description: string): Command =>
  verb(`${action} <part>`, description).action((part: string, options: CommonOptions) =>
    answerWith(options, async () => {
      await runtime().act(part, action);
      return { value: { part, action }, text: `${part}: ${done[action]}` };
    }),
  );

export const killVerb = (): Command => partActionVerb('kill', 'SIGKILL a part with all its processes; the runtime starts it again');
export const pauseVerb = (): Command => partActionVerb('pause', 'SIGSTOP a part: it is alive and says nothing');
export const resumeVerb = (): Command => partActionVerb('resume', 'SIGCONT a paused part');
