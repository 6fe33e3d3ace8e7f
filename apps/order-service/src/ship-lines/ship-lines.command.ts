import { Command } from '@nestjs/cqrs';
import type { CustomerId, LineQuantity, OrderId, ShipLinesAnswer } from '#contracts';

/** The idempotency key becomes the shipment's id: asked again with other lines, it is refused. */
export class ShipLinesRequest extends Command<ShipLinesAnswer> {
  readonly orderId: OrderId;
  readonly customer: CustomerId;
  readonly shipmentId: string;
  readonly lines: LineQuantity[];
  constructor(orderId: OrderId, customer: CustomerId, shipmentId: string, lines: LineQuantity[]) {
    super();
    this.orderId = orderId;
    this.customer = customer;
    this.shipmentId = shipmentId;
    this.lines = lines;
  }
}
