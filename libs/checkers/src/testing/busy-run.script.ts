import { east, west } from './serial-shop.model.ts';
import type { Step } from './sound-run.ts';

/** Prime, so that every order has a `pick` of every kind. */
const orderCount = 13;

/** A step about order number `order` of the busy run; `pick` fits besides, for what else it decides. */
const step = (kind: Step['kind'], order: number, overrides: Partial<Step> & { readonly fits?: (pick: number) => boolean } = {}): Step => {
  const { fits = () => true, ...rest } = overrides;
  let pick = order;
  while (!fits(pick)) pick += orderCount;
  const usual = { client: order % 4, ending: 'heard', region: order % 2 === 0 ? east : west, carries: true } as const;
  return { kind, pick, ...usual, ...rest };
};
const isOne = (pick: number): boolean => pick % 2 === 0;
const isDeclined = (pick: number): boolean => pick % 5 === 0;
const isApproved = (pick: number): boolean => pick % 5 !== 0;
/** Three of tea, four of tea and mug, three gifts. */
const [someTea, teaAndMugs, gifts] = [6, 3, 2];

/** A run in which everything happens that a checker looks at. */
export const busyScript: readonly Step[] = [
  ...[
    someTea,
    teaAndMugs,
    gifts,
    teaAndMugs,
    someTea,
    someTea,
    someTea,
    teaAndMugs,
    teaAndMugs,
    teaAndMugs,
    teaAndMugs,
    teaAndMugs,
    teaAndMugs,
  ].map((pick, order) => step('place', order, { pick, ending: order === 4 ? 'unheard' : order === 5 ? 'refused' : 'heard' })),
  step('read order', 0),
  step('list orders', 0),
  step('again', 0),
  step('cancel', 3),
  step('transfer', 0),
  step('read stock', 0),
  ...[0, 1, 2].map((order) => step('carry on', order, { fits: isApproved })),
  step('carry on', 6, { fits: isDeclined }),
  step('cancel', 1),
  step('ship', 0, { fits: isOne }),
  step('ship again', 0),
  step('ship', 0, { fits: isOne, ending: 'unheard' }),
  step('return', 0, { fits: isOne }),
  step('ship', 2, { fits: isOne }),
  step('return', 4),
  ...[east, west].flatMap((region) => [
    step('catch up', 0, { region, fits: (pick) => pick % 3 === 1 }),
    ...[0, 1, 2, 4, 5].map((order) => step('read order', order, { region })),
    ...[0, 1, 2].map((order) => step('list orders', order, { region })),
    ...[0, 1, 2].map((order) => step('read stock', order, { region, fits: (pick) => pick % 3 === order })),
  ]),
  step('read order', 0, { carries: false }),
];
