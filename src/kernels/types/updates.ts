import type { Floats } from '../../arrays/index.js';

/**
 * The update rules of optim/, which has their formulas and papers. `w` and the state change in place. The gradient of a
 * rule with weight decay is g = dw + weightDecay · w, and dw itself where that is zero.
 */
export interface UpdateKernels {
  /** w −= learningRate · g. */
  sgd(w: Floats, dw: Floats, learningRate: number, weightDecay: number): void;
  /** velocity = momentum · velocity − learningRate · dw, w += velocity. */
  sgdMomentum(step: MomentumStep): void;
  /** velocity = momentum · velocity + (1 − dampening) · g, w −= learningRate · velocity. */
  dampedMomentum(step: DampedMomentumStep): void;
  /** velocity = momentum · velocity + g, w −= learningRate · (g + momentum · velocity). */
  nesterov(step: NesterovStep): void;
  /** One step of RMSProp; with momentum where there is a `velocity`, centred where there is a `mean` of gradients. */
  rmsprop(step: RmspropStep): void;
  /** cache += g², w −= learningRate · g / (√cache + epsilon). */
  adagrad(step: AdagradStep): void;
  /** One step of Adam; of AMSGrad where there is a `largest`, the largest v so far. */
  adam(step: AdamStep): void;
}

/** What a step of every rule takes. */
interface Step {
  readonly w: Floats;
  readonly dw: Floats;
  readonly learningRate: number;
}

/** One step of gradient descent with momentum. */
export interface MomentumStep extends Step {
  readonly velocity: Floats;
  readonly momentum: number;
}

/** One step of gradient descent with Nesterov's momentum. */
export interface NesterovStep extends MomentumStep {
  readonly weightDecay: number;
}

/** One step of gradient descent with a momentum whose gradients are damped. */
export interface DampedMomentumStep extends NesterovStep {
  readonly dampening: number;
}

/** One step of RMSProp. */
export interface RmspropStep extends Step {
  readonly cache: Floats;
  readonly velocity: Floats | null;
  readonly mean: Floats | null;
  readonly decayRate: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/** One step of AdaGrad. */
export interface AdagradStep extends Step {
  readonly cache: Floats;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** One step of Adam. */
export interface AdamStep extends Step {
  readonly m: Floats;
  readonly v: Floats;
  readonly largest: Floats | null;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** The number of this step, from 1. */
  readonly t: number;
  readonly weightDecay: number;
  /**
   * Weight decay that the gradient does not see, as AdamW's: w −= learningRate · decoupledDecay · w before the step.
   */
  readonly decoupledDecay: number;
}
