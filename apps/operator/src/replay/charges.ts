/**
 * Stock codes of UCI Online Retail that are charges, not goods: carriage, discount, fees, samples, manual entries. Everything else
 * (gift vouchers too) is a product with stock.
 */
const chargeCodes = new Set(['POST', 'DOT', 'M', 'D', 'S', 'B', 'C2', 'CRUK', 'BANK CHARGES', 'AMAZONFEE']);

export const isCharge = (stockCode: string): boolean => chargeCodes.has(stockCode.toUpperCase());
