export { Adagrad, type AdagradOptions } from './adagrad.js';
export { Adam, type AdamOptions, AdamW } from './adam.js';
export { Optimizer, type ParamGroup, type ParamGroupInit } from './optimizer.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export { SGD, type SGDOptions } from './sgd.js';
export type { OptimizerStateDict } from './state-dict.js';
export type { Trainable } from './trainable.js';
