import { eventually } from '#test-kit';
import { ourPartsOf, partNamed, type Deed } from './blow.ts';

/** Shorter than this it is a crash: the runtime starts the part again at once. Else it stays down until the heal. */
const crashBelowMs = 3_000;
const readyWithinMs = 240_000;

export const killPart: Deed = ({ system: { control } }, { strikes, beginMs, healMs }) =>
  healMs - beginMs < crashBelowMs
    ? { begin: () => control.act(strikes, 'kill'), heal: () => Promise.resolve() }
    : { begin: () => control.act(strikes, 'hold'), heal: () => control.act(strikes, 'start') };

export const pausePart: Deed = ({ system: { control } }, { strikes }) => ({
  begin: () => control.act(strikes, 'pause'),
  heal: () => control.act(strikes, 'resume'),
});

/** One of our processes after the other is asked to end in order, each when the one before is ready again. The blow is over when all are. */
export const rollingRestart: Deed = (ground, { strikes }) => ({
  begin: async () => {
    for (const part of await ourPartsOf(ground, strikes)) {
      const { restarts, pid } = await partNamed(ground, part);
      if (pid === undefined) continue; // another fault has it down
      await ground.system.control.act(part, 'restart');
      await eventually(
        async () => {
          const now = await partNamed(ground, part);
          return now.restarts > restarts && now.state === 'ready' && now.unready === undefined;
        },
        { withinMs: readyWithinMs, everyMs: 100 },
      );
    }
  },
  heal: () => Promise.resolve(),
});

export const killRegion: Deed = ({ system: { control } }, { strikes }) => ({
  begin: () => control.actOnRegion(strikes, 'kill'),
  heal: () => control.actOnRegion(strikes, 'start'),
});

export const pauseRegion: Deed = ({ system: { control } }, { strikes }) => ({
  begin: () => control.actOnRegion(strikes, 'pause'),
  heal: () => control.actOnRegion(strikes, 'resume'),
});
