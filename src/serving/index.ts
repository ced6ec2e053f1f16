export { servedBy } from './served.js';
export { type Ended, type Served, Service } from './service.js';
export type { CsvReading, ServiceSettings, Spec } from './spec.js';
