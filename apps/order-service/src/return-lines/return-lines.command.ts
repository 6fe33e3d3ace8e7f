import { Command } from '@nestjs/cqrs';
import type { CustomerId, LineQuantity, OrderId, ReturnLinesAnswer } from '#contracts';

/** The idempotency key becomes the return's id: asked again with other lines, it is refused. */
export class ReturnLinesRequest extends Command<ReturnLinesAnswer> {
  readonly orderId: OrderId;
  readonly customer: CustomerId;
  readonly returnId: string;
  readonly lines: LineQuantity[];
  constructor(orderId: OrderId, customer: CustomerId, returnId: string, lines: LineQuantity[]) {
    super();
    this.orderId = orderId;
    this.customer = customer;
    this.returnId = returnId;
    this.lines = lines;
  }
}
