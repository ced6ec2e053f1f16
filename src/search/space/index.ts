export {
  type Choice,
  type Condition,
  type Conditional,
  type ConfigOf,
  choice,
  type Integer,
  integer,
  type LogUniform,
  logUniform,
  type Parameter,
  type Parameters,
  type Uniform,
  uniform,
  when,
} from './parameters.js';
export { type Range, rangeOf } from './range.js';
export { applies, Space, space } from './space.js';
