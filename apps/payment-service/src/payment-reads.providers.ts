import type { Provider, Type } from '@nestjs/common';
import { ConsistentReads } from '#projections';
import { GetPaymentController } from './get-payment/get-payment.controller.ts';
import { GetPaymentHandler } from './get-payment/get-payment.query.ts';
import { PaymentEntity } from './get-payment/payment.entity.ts';

/**
 * The read slices, to be spread into the service's module beside `CqrsModule.forRoot()`. They need READ_DATABASE and PROGRESS_WATCH:
 * `openServiceReads` of #service-host gives both.
 */
export const paymentReadControllers: Type[] = [GetPaymentController];
export const paymentReadProviders: Provider[] = [ConsistentReads, GetPaymentHandler];
export const paymentReadEntities = [PaymentEntity];
