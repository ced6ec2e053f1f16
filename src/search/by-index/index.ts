export type { IndexResult } from './run-by-index.js';
export { type SearchByIndexOptions, searchByIndex } from './search-by-index.js';
