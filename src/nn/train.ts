/** What has a mode, and parts with modes. */
interface Trainee {
  training: boolean;
  children(): Trainee[];
  train(mode: boolean): unknown;
}

/** One call of `train` from outside, with all that it calls. */
interface Pass {
  /** The mode that each module was last given. */
  readonly given: Map<Trainee, boolean>;
  /** The module whose `train` the pass has just called. */
  called: Trainee | null;
}

let pass: Pass | null = null;

/**
 * Sets the mode of a module and calls the `train` of its children, of each once in a pass, so that graphs of modules
 * may have cycles. A call by a method that overrides `train`, of a module that is not its own, is a pass by itself.
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
