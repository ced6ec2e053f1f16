export { type CheckedUi, checkUi, UI_OPTIONS, type UiOptions } from './options.js';
export { openPage, type PageThread } from './page-thread.js';
export type * from './protocol.js';
export type { RunChannel } from './run-channel.js';
