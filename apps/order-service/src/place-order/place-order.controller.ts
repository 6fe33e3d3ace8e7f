import { Controller, HttpStatus, Inject, Post, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { type CustomerId, type FieldError, type PlaceOrderAnswer, type PlaceOrderBody, placeOrderBodySchema } from '#contracts';
import { type Caller, CallerParam, hasRole, headerNames, IdempotencyKey, Prefer, type Preferences, problem, ZodBody } from '#service-kit';
import type { FastifyReply } from 'fastify';
import { PlaceOrderRequest } from './place-order.command.ts';

/** The customer whose order it is. What only an importer may say is refused to everybody else. */
function customerOf(caller: Caller, body: PlaceOrderBody): CustomerId {
  const customer = body.customerId ?? caller.customerId;
  if (customer === undefined) throw problem('forbidden', { detail: "The token's subject is no customer id." });
  if (hasRole(caller, 'importer')) return customer;
  const message = 'is for importers';
  const priced = body.lines.findIndex((line) => line.unitPriceMinor !== undefined);
  const errors: FieldError[] = [
    ...(customer === caller.customerId ? [] : [{ field: 'customerId', message }]),
    ...(body.surcharges === undefined ? [] : [{ field: 'surcharges', message }]),
    ...(priced < 0 ? [] : [{ field: `lines[${priced}].unitPriceMinor`, message }]),
  ];
  if (errors.length > 0) throw problem('forbidden', { errors });
  return customer;
}

@Controller('v1/orders')
export class PlaceOrderController {
  readonly #commands: CommandBus;
  constructor(@Inject(CommandBus) commands: CommandBus) {
    this.#commands = commands;
  }

  @Post()
  async place(
    @ZodBody(placeOrderBodySchema) body: PlaceOrderBody,
    @IdempotencyKey() idempotencyKey: string,
    @Prefer() prefer: Preferences,
    @CallerParam() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PlaceOrderAnswer> {
    const { answer, placedNow } = await this.#commands.execute(
      new PlaceOrderRequest(customerOf(caller, body), idempotencyKey, body, prefer),
    );
    const placed = placedNow ? HttpStatus.CREATED : HttpStatus.OK;
    void reply
      .status(answer.status === 'queued' ? HttpStatus.ACCEPTED : placed)
      .header('location', `/v1/orders/${answer.orderId}`)
      .header(headerNames.consistencyToken, answer.consistencyToken);
    return answer;
  }
}
