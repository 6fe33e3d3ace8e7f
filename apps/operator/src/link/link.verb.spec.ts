import { Command } from 'commander';
import { expect, it } from 'vitest';
import { region } from '#contracts';
import { addLinkVerb, linkNamed } from './link.verb.ts';

const [east, far] = [region('east'), region('far-west')];
const directions = [
  { from: east, to: far, delayMs: 0, cut: 'none' },
  { from: far, to: east, delayMs: 40, cut: 'silent' },
] as const;

it.each([
  ['east-far-west', { from: east, to: far, direction: 'both' }],
  ['far-west-east', { from: far, to: east, direction: 'both' }],
  ['far-west->east', { from: far, to: east, direction: 'one-way' }],
  ['far-west', { from: far, direction: 'both' }],
])('names the link %s', (name, named) => {
  expect(linkNamed(name, directions)).toEqual(named);
});

it('says which links there are', () => {
  expect(() => linkNamed('east-north', directions)).toThrow('no link east-north; there are east-far-west, far-west-east');
});

it.each([
  [
    ['delay', 'east', '40'],
    ['delay', { from: east, direction: 'both', ms: 40 }],
  ],
  [
    ['cut', 'east->far-west', '--reset'],
    ['cut', { from: east, to: far, direction: 'one-way', how: 'reset' }],
  ],
  [
    ['heal', 'east-far-west'],
    ['heal', { from: east, to: far }],
  ],
  [['heal'], ['heal', undefined]],
])('link %j', async (args, expected) => {
  const asked: unknown[] = [];
  const printed: string[] = [];
  const record = (what: string) => async (body?: unknown) => void asked.push([what, body]);
  const program = new Command();
  addLinkVerb(program, {
    control: () => ({
      links: async () => ({ directions, listeners: [] }),
      delay: record('delay'),
      cut: record('cut'),
      heal: record('heal'),
    }),
    print: (line) => printed.push(line),
  });
  await program.parseAsync(['link', ...args], { from: 'user' });
  expect(asked).toEqual([expected]);
  expect(printed).toEqual(['east->far-west: sound', 'far-west->east: delayed 40 ms, cut']);
});
