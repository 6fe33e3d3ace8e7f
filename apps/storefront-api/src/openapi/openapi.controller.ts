import { Controller, Get, Header } from '@nestjs/common';
import { openApiDocument, orderReadRoutes, orderWriteRoutes, paymentReadRoutes, productReadRoutes, stockWriteRoutes } from '#contracts';
import { Public } from '#service-kit';
import { apiPage } from './api-page.ts';

/** Every route of the public API, whichever service stands behind it. */
export const publicRoutes = [...orderWriteRoutes, ...orderReadRoutes, ...paymentReadRoutes, ...productReadRoutes, ...stockWriteRoutes];

const document = JSON.stringify(openApiDocument(publicRoutes, '0.1.0'));
const page = apiPage(publicRoutes);

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
