// What the threads agree on: the places in shared memory where a job is described, and sizes. TypeScript and
// AssemblyScript both compile this file, so it holds nothing but constants.

/** Values that one work item of an elementwise kernel covers. A multiple of every vector's lanes. */
export const CHUNK = 16384;

/** Rows of a tile of the matrix product. */
export const TILE_ROWS = 6;

/** Bytes of one row of a tile: two vectors, so 8 columns of float32 or 4 of float64. */
export const TILE_ROW_BYTES = 32;

/**
 * Products that a tile adds up at a time: so deep, a panel of B (16 KB) stays in the first-level cache while it meets
 * several of A.
 */
export const PRODUCT_DEPTH = 512;

/** What follows a batch normalization in the same pass; 0 for nothing. */
export const FOLLOWED_BY_RELU = 1;
export const FOLLOWED_BY_GELU = 2;

// Byte addresses. Every word that threads contend for has a cache line of its own.

/** Work items of the running job that nobody has claimed; at or below zero when there are none. */
export const REMAINING = 1024;
/** Work items that are finished. */
export const DONE = 1088;
/** Counts wake-up calls; sleeping workers wait on it. */
export const SIGNAL = 1152;
/** Workers that sleep. */
export const SLEEPING = 1216;
/** 1 while the calling thread sleeps until the job is done. */
export const CALLER_SLEEPS = 1280;
/** Workers that are in their loop. */
export const WORKERS = 1344;
/** Workers of an earlier generation leave; one that has been idle for long begins the next, and so ends its own. */
export const GENERATION = 1408;
/** The running job: kernel, 1 for float64 or 0 for float32, number of work items. */
export const JOB_KERNEL = 1472;
export const JOB_WIDE = 1476;
export const JOB_ITEMS = 1480;
/** Workers that trapped during the running job. */
export const TRAPS = 1484;
/** The job's arguments: integers (sizes, and addresses in bytes), then float64 numbers. */
export const INTEGERS = 1536;
export const INTEGERS_COUNT = 68;
export const NUMBERS = 1808;
export const NUMBERS_COUNT = 16;

/** A tile at the edge of a product is computed whole here, one buffer a thread. */
export const EDGE_TILES = 2048;
export const EDGE_TILE_BYTES = 192;
/** Threads there can be, the calling one included. */
export const MAX_THREADS = 64;

/** Where the memory for arrays begins. What lies before it holds the above and the constants of the module. */
export const HEAP_START = 65536;
