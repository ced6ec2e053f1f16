import type { Command, Refusal, RunList, Snapshot, Update } from '../protocol.js';
import type { Source, Store } from './store.js';

/** Seconds before each try to reach a server that is gone; the last one again and again. */
const PAUSES = [0.5, 1, 2, 4, 8, 15];
/** Milliseconds after which a request without an answer is given up. */
const PATIENCE = 20_000;

/**
 * Follows a server: what happens comes as events, everything else is asked for. When the server is gone it is tried
 * again, with growing pauses; when it is back all is asked for anew, so nothing is lacking and nothing there twice.
 */
export class Connection implements Source {
  readonly #store: Store;
  #events: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  /** Grows with each connection: answers to requests of an earlier one are dropped. */
  #generation = 0;
  #watched: readonly string[] = [];
  /** The updates of runs that are being asked for: they come after the answer. */
  readonly #held = new Map<string, Update[]>();
  /** Runs that could not be had: they are not asked for again until they say something. */
  readonly #refused = new Set<string>();
  /** The request for points that counts, by run. */
  readonly #fetching = new Map<string, symbol>();

  readonly #token: string | null;

  /** @param token - What the server wants to see, if it does. */
  constructor(store: Store, token: string | null) {
    this.#store = store;
    this.#token = token;
    this.#open();
  }

  watch(ids: readonly string[]): void {
    this.#watched = ids;
    if (this.#store.connected !== 'connected') return;
    for (const id of ids) if (!this.#store.runs.has(id) && !this.#held.has(id)) void this.#ask(id, 'all');
  }

  async command(id: string, command: Command): Promise<void> {
    const response = await fetch(`${addressOf(id)}/command`, {
      method: 'POST',
      headers: { ...this.#authorization(), 'Content-Type': 'application/json', 'X-Layerwise': '1' },
      body: JSON.stringify(command),
      signal: AbortSignal.timeout(PATIENCE),
    }).catch(() => {
      throw new Error('The server does not answer.');
    });
    if (response.ok) return;
    const refusal: Partial<Refusal> = await response.json().catch(() => ({}));
    throw new Error(refusal.error ?? `The server answered with status ${response.status}.`);
  }

  retry(): void {
    if (this.#store.connected !== 'lost') return;
    clearTimeout(this.#timer);
    this.#open();
  }

  #open(): void {
    const generation = ++this.#generation;
    this.#held.clear();
    this.#refused.clear();
    this.#fetching.clear();
    this.#events?.close();
    const events = new EventSource(
      this.#token === null ? '/api/events' : `/api/events?token=${encodeURIComponent(this.#token)}`,
    );
    this.#events = events;
    events.onopen = () => void this.#askForAll(generation);
    events.onerror = () => this.#lose(generation);
    events.onmessage = ({ data }) => {
      if (generation === this.#generation) this.#take(JSON.parse(data));
    };
  }

  async #askForAll(generation: number): Promise<void> {
    // What is watched is held back before anything is asked for, and asked for once it is known which runs there are.
    const watched = this.#watched;
    for (const id of watched) this.#held.set(id, []);
    try {
      const list = await this.#getJson<RunList>('/api/runs');
      if (generation !== this.#generation) return;
      this.#failures = 0;
      for (const id of this.#store.runs.keys()) {
        if (!watched.includes(id) || !list.runs.some(({ info }) => info.id === id)) this.#store.runs.delete(id);
      }
      this.#store.setList(list);
      this.#store.setConnected('connected');
    } catch {
      this.#lose(generation);
      return;
    }
    for (const id of new Set([...watched, ...this.#watched])) await this.#ask(id, 'all');
  }

  #lose(generation: number): void {
    if (generation !== this.#generation) return;
    this.#generation++;
    this.#events?.close();
    this.#store.setConnected('lost');
    const pause = PAUSES[Math.min(this.#failures++, PAUSES.length - 1)]!;
    this.#timer = setTimeout(() => this.#open(), 1000 * pause);
  }

  #take(update: Update): void {
    const held = this.#held.get(update.run);
    if (held !== undefined) {
      held.push(update);
      return;
    }
    const store = this.#store;
    const isWatched = store.runs.has(update.run);
    switch (update.kind) {
      case 'status':
        store.setStatus(update.run, update.status);
        if (isWatched) void this.#askForPoints(update.run);
        break;
      case 'epoch':
        store.setEpoch(update.run, update.place, update.row);
        break;
      case 'insight':
        store.setInsight(update.run, update.insight);
        break;
      case 'gone':
        store.drop(update.run);
        break;
      case 'run':
        this.#refused.delete(update.run);
        void this.#askForList().then(() => {
          if (isWatched || this.#watched.includes(update.run)) void this.#ask(update.run, 'all');
        });
        break;
      case 'reload':
        if (isWatched) void this.#ask(update.run, 'rest');
        else void this.#askForList();
        break;
    }
  }

  async #askForList(): Promise<void> {
    const generation = this.#generation;
    const list = await this.#getJson<RunList>('/api/runs').catch(() => null);
    if (list !== null && generation === this.#generation) this.#store.setList(list);
  }

  /**
   * Asks for a run, and lets its updates wait until the answer is there.
   *
   * @param points - Whether those that are there stay.
   */
  async #ask(id: string, points: 'all' | 'rest'): Promise<void> {
    const generation = this.#generation;
    if (this.#refused.has(id) || !this.#store.summaries.some(({ info }) => info.id === id)) {
      this.#held.delete(id);
      return;
    }
    if (!this.#held.has(id)) this.#held.set(id, []);
    const snapshot = await this.#getJson<Snapshot>(addressOf(id)).catch(() => null);
    if (generation !== this.#generation) return;
    const updates = this.#held.get(id) ?? [];
    this.#held.delete(id);
    if (snapshot === null) {
      this.#refused.add(id);
      void this.#askForList();
      return;
    }
    const run = this.#store.setSnapshot(snapshot);
    if (points === 'all' || run.points.length > snapshot.status.points) await this.#askForPoints(id, true);
    for (const update of updates) {
      const isOld = update.kind === 'status' && update.status.iteration < run.status.iteration;
      if (!isOld) this.#take(update);
    }
    await this.#askForPoints(id);
  }

  /**
   * Asks for the points that are lacking.
   *
   * @param isAnew - All of them: those that are there stay until the others have come.
   */
  async #askForPoints(id: string, isAnew = false): Promise<void> {
    const run = this.#store.runs.get(id);
    if (run === undefined || (!isAnew && this.#fetching.has(id))) return;
    const ticket = Symbol(id);
    this.#fetching.set(id, ticket);
    try {
      while (isAnew || run.points.length < run.status.points) {
        const from = isAnew ? 0 : run.points.length;
        const response = await this.#get(`${addressOf(id)}/points?from=${from}`);
        const bytes = await response.arrayBuffer();
        if (this.#fetching.get(id) !== ticket) return;
        if (isAnew) run.points.clear();
        const added = run.points.append(bytes);
        this.#store.changed('points', id);
        if (added === 0) break;
        isAnew = false;
      }
    } catch {
      // A server that is gone is noticed by its events, and the next status asks again.
    } finally {
      if (this.#fetching.get(id) === ticket) this.#fetching.delete(id);
    }
  }

  async #get(address: string): Promise<Response> {
    const response = await fetch(address, { headers: this.#authorization(), signal: AbortSignal.timeout(PATIENCE) });
    if (!response.ok) throw new Error(`${address}: status ${response.status}`);
    return response;
  }

  async #getJson<T>(address: string): Promise<T> {
    return (await this.#get(address)).json();
  }

  #authorization(): Record<string, string> {
    return this.#token === null ? {} : { Authorization: `Bearer ${this.#token}` };
  }
}

function addressOf(id: string): string {
  return `/api/runs/${encodeURIComponent(id)}`;
}
