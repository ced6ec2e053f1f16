export { attempt, checkRegular, fileError, kindOf } from './errors.js';
export { type Holder, holderOf, type Lock, LockLost, LockQueue, withLock } from './lock.js';
export { isRunning } from './place.js';
export { linkStatOf, makeFolder, noFollow, openRegular, readBytes, readText, statOf, withRegular } from './read.js';
export { removeUnfinished, writeAtomically } from './write-atomically.js';
