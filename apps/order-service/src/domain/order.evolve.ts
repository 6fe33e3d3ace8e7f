import { assertNever } from '#kernel';
import type { LineQuantity, OrderEvent } from '#contracts';
import type { LineProgress, OrderState } from './order.state.ts';

export function evolveOrder(state: OrderState, event: OrderEvent): OrderState {
  switch (event.type) {
    case 'OrderPlaced':
      return {
        status: 'pending',
        requestFingerprint: event.requestFingerprint,
        lines: event.lines.map(({ lineNumber, sku, unitPriceMinor, quantity }) => ({
          lineNumber,
          sku,
          unitPriceMinor,
          ordered: quantity,
          shipped: 0,
          returned: 0,
        })),
        surchargesMinor: event.surcharges.reduce((sum, { amountMinor }) => sum + amountMinor, 0),
      };
    case 'OrderConfirmed':
      return state.status === 'pending' ? { ...state, status: 'confirmed', shipments: [], returns: [] } : state;
    case 'OrderCancelled':
      // The lines are dropped: a cancelled order only answers repeats.
      return state.status === 'absent' ? state : { status: 'cancelled', requestFingerprint: state.requestFingerprint };
    case 'OrderLinesShipped':
      if (state.status !== 'confirmed') return state;
      return {
        ...state,
        lines: withQuantities(state.lines, event.lines, (line, quantity) => ({ ...line, shipped: line.shipped + quantity })),
        shipments: [...state.shipments, { id: event.shipmentId, lines: event.lines.map(lineQuantity) }],
      };
    case 'OrderLinesReturned':
      if (state.status !== 'confirmed') return state;
      return {
        ...state,
        lines: withQuantities(state.lines, event.lines, (line, quantity) => ({ ...line, returned: line.returned + quantity })),
        returns: [...state.returns, { id: event.returnId, lines: event.lines.map(lineQuantity) }],
      };
    default:
      return assertNever(event);
  }
}

const lineQuantity = ({ lineNumber, quantity }: LineQuantity): LineQuantity => ({ lineNumber, quantity });

function withQuantities(
  lines: readonly LineProgress[],
  moved: readonly LineQuantity[],
  move: (line: LineProgress, quantity: number) => LineProgress,
): readonly LineProgress[] {
  const quantities = new Map(moved.map(({ lineNumber, quantity }) => [lineNumber, quantity]));
  return lines.map((line) => {
    const quantity = quantities.get(line.lineNumber);
    return quantity === undefined ? line : move(line, quantity);
  });
}
