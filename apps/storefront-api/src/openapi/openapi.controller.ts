import { Controller, Get, Header } from '@nestjs/common';
import {
  openApiDocument,
  orderReadRoutes,
  orderWriteRoutes,
  paymentReadRoutes,
  productReadRoutes,
  regionReadRoutes,
  stockWriteRoutes,
} from '#contracts';
import { Public } from '#service-kit';
import { apiPage } from './api-page.ts';

/** Every route that is handed on to a service. */
export const publicRoutes = [...orderWriteRoutes, ...orderReadRoutes, ...paymentReadRoutes, ...productReadRoutes, ...stockWriteRoutes];

/** With those that the edge answers itself. */
const allRoutes = [...publicRoutes, ...regionReadRoutes];
const document = JSON.stringify(openApiDocument(allRoutes, '0.1.0'));
const page = apiPage(allRoutes);

@Controller()
@Public()
export class OpenApiController {
  @Get('v1/openapi.json')
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('cache-control', 'public, max-age=60')
  openApi(): string {
    return document;
  }

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
  @Header('cache-control', 'public, max-age=60')
  page(): string {
    return page;
  }
}
