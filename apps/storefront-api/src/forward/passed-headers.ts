import { type CrossOrigin, headerNames } from '#service-kit';

/** What a service is told of the request, and a client of the answer. Nothing else passes. */
export const requestHeaders = [
  'authorization',
  'content-type',
  'accept',
  'if-none-match',
  headerNames.idempotencyKey,
  headerNames.prefer,
  headerNames.consistencyToken,
  headerNames.customer,
];
export const answerHeaders = [
  'content-type',
  'content-length',
  'location',
  'cache-control',
  'etag',
  'retry-after',
  'www-authenticate',
  headerNames.consistencyToken,
];

/** What tells a client where to go straight away next time, and where else it can go. */
export const hintHeaders = {
  homeRegion: 'evenkeel-home-region',
  ownerRegion: 'evenkeel-owner-region',
  regionEndpoints: 'evenkeel-region-endpoints',
} as const;

/** A shop's pages come from an origin of their own, and follow from region to region. */
export const crossOrigin: CrossOrigin = {
  methods: ['GET', 'POST'],
  requestHeaders: [...requestHeaders, 'traceparent'],
  answerHeaders: [...answerHeaders, ...Object.values(hintHeaders)],
};
