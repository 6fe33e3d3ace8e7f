/** Branded ids: a bare string does not cross a border. */
declare const brand: unique symbol;
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

export type Region = Branded<string, 'Region'>;
export type CustomerId = Branded<string, 'CustomerId'>;
export type OrderId = Branded<string, 'OrderId'>;
export type Sku = Branded<string, 'Sku'>;
export type CommandId = Branded<string, 'CommandId'>;

export const region = (name: string): Region => name as Region;
export const customerId = (id: string): CustomerId => id as CustomerId;
export const orderId = (id: string): OrderId => id as OrderId;
export const sku = (code: string): Sku => code as Sku;
export const commandId = (id: string): CommandId => id as CommandId;
