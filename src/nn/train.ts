/** A module as far as `train` needs it. */
interface Trainee {
  training: boolean;
  children(): Trainee[];
  train(mode: boolean): unknown;
}

/** One call of `train` from outside, and the calls that it makes. */
interface Pass {
  /** The mode that each module was set to last. */
  readonly given: Map<Trainee, boolean>;
  /** The module whose `train` the pass has just called. */
  called: Trainee | null;
}

let pass: Pass | null = null;

/**
 * Sets the mode of a module and calls `train` of its children, of each once in a pass, so that graphs of modules may
 * have cycles. If a method that overrides `train` calls `train` of another module, a new pass begins.
 */
export function trainOnce(module: Trainee, mode: boolean): void {
  const before = pass;
  const current: Pass = before?.called === module ? before : { given: new Map(), called: null };
  pass = current;
  try {
    module.training = mode;
    current.given.set(module, mode);
    for (const child of module.children()) {
      if (current.given.get(child) === mode) continue;
      current.given.set(child, mode);
      current.called = child;
      child.train(mode);
      current.called = null;
    }
  } finally {
    pass = before;
  }
}
