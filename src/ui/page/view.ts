import type { Command } from '../protocol.js';
import type { Change, Run, Store } from './store.js';

/** What a reader has chosen: it stays from view to view. */
export interface Settings {
  /** Over about how many iterations the loss is averaged, as a power of 10. */
  smoothing: number;
  isLogLoss: boolean;
  isLogRate: boolean;
  showsShares: boolean;
  showsChange: boolean;
  showsAllSettings: boolean;
  /** The ids of the runs that are compared; null before a choice. */
  chosen: string[] | null;
  sortedBy: { readonly column: string; readonly isDescending: boolean };
}

export const settings: Settings = {
  smoothing: 1.25,
  isLogLoss: false,
  isLogRate: false,
  showsShares: false,
  showsChange: false,
  showsAllSettings: false,
  chosen: null,
  sortedBy: { column: 'accuracy', isDescending: true },
};

/** What a view of one run is made from. */
export interface RunContext {
  readonly store: Store;
  readonly run: Run;
  /** What stands in the address behind the view's name. */
  readonly rest: readonly string[];
  readonly command: (command: Command) => Promise<void>;
}

/** A part of the page that lives while its address is shown. */
export interface View {
  readonly root: HTMLElement;
  /** Shows what is another now. */
  update(changes: ReadonlySet<Change>): void;
  /** The colours of the style are others. */
  repaint?(): void;
  close?(): void;
}

/** The views of a run, by their names in the address. */
export const RUN_VIEWS = {
  overview: 'Overview',
  layers: 'Layers',
  filters: 'Filters',
  confusion: 'Confusion',
  mistakes: 'Mistakes',
  config: 'Settings',
} as const;

export type RunView = keyof typeof RUN_VIEWS;

/** Where an address leads. */
export type Route =
  | { readonly page: 'home' }
  | { readonly page: 'runs' }
  | { readonly page: 'run'; readonly run: string; readonly view: RunView; readonly rest: readonly string[] };

/** The address of a view. */
export function addressOf(run: string, view: RunView = 'overview', ...rest: readonly (string | number)[]): string {
  const tail = view === 'overview' && rest.length === 0 ? [] : [view, ...rest.map(String)];
  return `#/run/${[run, ...tail].map(encodeURIComponent).join('/')}`;
}

/** Reads the part of the address behind `#`. What leads nowhere leads home. */
export function routeOf(hash: string): Route {
  let parts: string[];
  try {
    parts = hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  } catch {
    return { page: 'home' };
  }
  const [page, run, view = 'overview', ...rest] = parts;
  if (page === 'runs') return { page };
  if (page === 'run' && run && Object.hasOwn(RUN_VIEWS, view)) return { page, run, view: view as RunView, rest };
  return { page: 'home' };
}
