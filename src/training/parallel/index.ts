export { checkAlike, type Facts, together } from './agreement.js';
export { type AverageGradientsOptions, averageGradients, checkCommunicator } from './average-gradients.js';
export { Bucket } from './bucket.js';
export type { Communicator, Reduction, Values } from './communicator.js';
export { broadcastValue, gatherValues } from './messages.js';
export { cut, markOf, type Part, partOf } from './share.js';
export { Telling } from './telling.js';
export { checkSameBits } from './verification.js';
