export type { Checkpoint, LoadedCheckpoint, NewCheckpoint, SavedState } from './checkpoint.js';
export { decodeCheckpoint } from './decode.js';
export { encodeCheckpoint } from './encode.js';
export { type FoundCheckpoint, isFile, latestCheckpoint } from './folder.js';
export { type LoadCheckpointOptions, loadCheckpoint } from './load.js';
export { hasBegun, markBegun } from './mark.js';
export { CheckpointWriter, type SaveOptions, type WriterOptions } from './writer.js';
