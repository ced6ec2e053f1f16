import type { Choice, Parameter, Space } from '../space/index.js';
import type { ConfigValue } from '../types.js';

/** A parameter of a space as people see it. */
export interface ParameterView {
  readonly name: string;
  /** How its numbers are spaced, or what it chooses from. */
  readonly scale: 'linear' | 'log' | readonly ConfigValue[];
  /** What it may be, in words. */
  readonly range: string;
}

/** The parameters of a space in their order, less those that are always the same. */
export function parametersOf({ parameters }: Space): ParameterView[] {
  return [...parameters].flatMap(([name, parameter]) => {
    if (isConstant(parameter)) return [];
    return [{ name, scale: scaleOf(parameter), range: `${rangeOf(parameter)}${conditionOf(parameter)}` }];
  });
}

/** The values that are the same in all configs. */
export function constantsOf({ parameters }: Space): Record<string, ConfigValue> {
  const constants = [...parameters].filter(([, parameter]) => isConstant(parameter));
  return Object.fromEntries(constants.map(([name, parameter]) => [name, (parameter as Choice).choice[0]]));
}

function isConstant(parameter: Parameter): boolean {
  return 'choice' in parameter && parameter.choice.length === 1 && parameter.when === undefined;
}

function scaleOf(parameter: Parameter): ParameterView['scale'] {
  if ('choice' in parameter) return parameter.choice;
  return 'logUniform' in parameter || ('integer' in parameter && parameter.log === true) ? 'log' : 'linear';
}

function rangeOf(parameter: Parameter): string {
  if ('choice' in parameter) return parameter.choice.map(String).join(', ');
  if ('uniform' in parameter) return parameter.uniform.join(' to ');
  if ('logUniform' in parameter) return `${parameter.logUniform.join(' to ')}, by orders of magnitude`;
  return `${parameter.integer.join(' to ')}${parameter.log ? ', by orders of magnitude' : ''}, whole`;
}

function conditionOf({ when }: Parameter): string {
  const parts = Object.entries(when ?? {}).map(([name, values]) => {
    return `${name} is ${Array.isArray(values) ? values.map(String).join(' or ') : values}`;
  });
  return parts.length === 0 ? '' : `, where ${parts.join(' and ')}`;
}
