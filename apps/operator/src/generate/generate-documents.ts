import type { GeneratedDocument, GeneratedLine } from './retail-document.ts';
import { seededRandom, type SeededRandom } from './seeded-random.ts';

interface Product {
  readonly stockCode: string;
  readonly description: string;
  readonly unitPricePence: number;
}
interface Purchase extends Product {
  left: number;
}

const adjectives = ['WHITE', 'RED', 'VINTAGE', 'RETROSPOT', 'IVORY', 'SET OF 6', 'LARGE', 'PACK OF 12', 'WOODEN', 'REGENCY'] as const;
const things = [
  'METAL LANTERN',
  'T-LIGHT HOLDER',
  'CAKESTAND, 3 TIER',
  'HAND WARMER',
  'LUNCH BAG',
  'BIRD ORNAMENT',
  'DOORMAT',
  'TEASPOONS',
  'ALARM CLOCK',
  '12" RULER',
] as const;
const countries = ['United Kingdom', 'United Kingdom', 'United Kingdom', 'Germany', 'France', 'EIRE'] as const;
const charges = ['POST', 'DOT', 'M', 'C2', 'BANK CHARGES', 'AMAZONFEE'] as const;
const purchasesRememberedMax = 200;

/**
 * Documents as an importer of gifts would write them, in the proportions of UCI Online Retail: invoices of some ten lines (a few of
 * hundreds), a seventh cancellations (most of an earlier purchase, some of none, some of more than was bought), write-offs without
 * a price, guests, charges among the goods, prices of 0, lines that stand twice. The seed determines all of it.
 */
export function* generateDocuments(options: { readonly documents: number; readonly seed: number }): Generator<GeneratedDocument> {
  const random = seededRandom(options.seed);
  const products = productsOf(random, Math.max(20, Math.min(4_000, Math.ceil(options.documents * 0.6))));
  const customersMax = Math.max(5, Math.ceil(options.documents / 6));
  const bought = new Map<string, Purchase[]>();
  let minute = Date.UTC(2010, 11, 1, 8, 26) / 60_000;
  for (let i = 0; i < options.documents; i++) {
    minute += random.between(0, 20);
    const number = 536_365 + i;
    const at = new Date(minute * 60_000).toISOString().replace('.000Z', 'Z');
    const roll = random.next();
    const about = { at, country: random.pick(countries) };
    if (roll < 0.002) yield { ...about, documentNo: `A${number}`, customer: '', lines: [debtOf(random)] };
    else if (roll < 0.06) yield { ...about, documentNo: String(number), customer: '', lines: writeOffOf(random, products) };
    else if (roll < 0.2 && bought.size > 0) yield { ...about, ...cancellationOf(random, products, bought), documentNo: `C${number}` };
    else yield { ...about, ...invoiceOf(random, products, bought, customersMax), documentNo: String(number) };
  }
}

function productsOf(random: SeededRandom, count: number): readonly [Product, ...Product[]] {
  const products = Array.from({ length: count }, (_, i): Product => {
    const stockCode = `${20_000 + i * 7}${random.chance(0.2) ? random.pick(['A', 'B', 'L', 'b']) : ''}`;
    const unitPricePence = Math.max(4, Math.round(2.7 ** (3 + random.next() * 4.2)));
    return { stockCode, description: random.chance(0.02) ? '' : `${random.pick(adjectives)} ${random.pick(things)}`, unitPricePence };
  });
  return products as [Product, ...Product[]];
}

/** Popular ones far more often than the rest. */
const anyOf = (random: SeededRandom, products: readonly [Product, ...Product[]]): Product =>
  products[Math.floor(products.length * random.next() ** 2.2)] ?? products[0];

function linesMany(random: SeededRandom): number {
  if (random.chance(0.004)) return random.between(150, 600);
  return Math.max(1, Math.round(2.7 ** (random.next() * 3.6)));
}

function invoiceOf(
  random: SeededRandom,
  products: readonly [Product, ...Product[]],
  bought: Map<string, Purchase[]>,
  customersMax: number,
): Pick<GeneratedDocument, 'customer' | 'lines'> {
  const guest = random.chance(0.08);
  const customer = guest ? '' : String(12_346 + Math.floor(customersMax * random.next() ** 1.8));
  const lines: GeneratedLine[] = [];
  for (let n = linesMany(random); n > 0; n--) {
    const product = anyOf(random, products);
    const quantity = random.chance(0.01) ? random.between(200, 3_000) : random.pick([1, 1, 2, 3, 4, 6, 6, 8, 12, 12, 24, 48]);
    const unitPricePence = random.chance(0.004) ? 0 : product.unitPricePence + (random.chance(0.15) ? random.between(-2, 40) : 0);
    const line = { ...product, quantity, unitPricePence };
    lines.push(line);
    if (random.chance(0.02)) lines.push(line);
  }
  const onlyCharges = random.chance(0.01);
  if (onlyCharges) lines.length = 0;
  if (onlyCharges || random.chance(0.09))
    lines.push({
      stockCode: random.pick(charges),
      description: 'CARRIAGE',
      quantity: random.between(1, 3),
      unitPricePence: random.between(150, 4_000),
    });
  const history = bought.get(customer) ?? [];
  if (!guest) bought.set(customer, [...history, ...lines.map((line) => ({ ...line, left: line.quantity }))].slice(-purchasesRememberedMax));
  return { customer, lines };
}

function cancellationOf(
  random: SeededRandom,
  products: readonly [Product, ...Product[]],
  bought: Map<string, Purchase[]>,
): Pick<GeneratedDocument, 'customer' | 'lines'> {
  if (random.chance(0.05)) return { customer: '', lines: [negative(anyOf(random, products), random.between(1, 12))] };
  const customers = [...bought.keys()];
  const customer = customers[random.between(0, customers.length - 1)] ?? '';
  if (random.chance(0.06))
    return {
      customer,
      lines: [
        negative({ stockCode: random.pick(['D', 'M', 'POST']), description: 'Discount', unitPricePence: random.between(100, 3_000) }, 1),
      ],
    };
  const lines: GeneratedLine[] = [];
  for (let n = random.pick([1, 1, 1, 2, 3, 6]); n > 0; n--) {
    const purchases = bought.get(customer) ?? [];
    const purchase = purchases[random.between(0, purchases.length - 1)];
    if (purchase === undefined || random.chance(0.08)) lines.push(negative(anyOf(random, products), random.between(1, 6)));
    else {
      // Now and then more than this purchase had: it is matched with older ones, or is impossible.
      const quantity = random.chance(0.1) ? purchase.left + random.between(1, 5) : random.between(1, Math.max(1, purchase.left));
      purchase.left = Math.max(0, purchase.left - quantity);
      lines.push(negative(purchase, quantity));
    }
  }
  return { customer, lines };
}

const negative = ({ stockCode, description, unitPricePence }: Product, quantity: number): GeneratedLine => ({
  stockCode,
  description,
  unitPricePence: Math.max(1, unitPricePence),
  quantity: -quantity,
});

const writeOffOf = (random: SeededRandom, products: readonly [Product, ...Product[]]): readonly GeneratedLine[] => {
  const found = random.chance(0.3); // counted again and found: positive, without a price, and nobody bought it
  return [
    {
      ...anyOf(random, products),
      description: found ? 'found' : 'damages',
      quantity: (found ? 1 : -1) * random.between(1, 120),
      unitPricePence: 0,
    },
  ];
};

const debtOf = (random: SeededRandom): GeneratedLine => ({
  stockCode: 'B',
  description: 'Adjust bad debt',
  quantity: 1,
  unitPricePence: -random.between(1_000, 900_000),
});
