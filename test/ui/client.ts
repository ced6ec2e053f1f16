import type { Command, RunList, Snapshot, Status, Update } from '../../src/ui/index.js';

/** What a page would ask of a server. */
export class Client {
  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }

  async json<T>(path: string): Promise<T> {
    const answer = await fetch(new URL(path, this.address));
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  runs(): Promise<RunList> {
    return this.json('api/runs');
  }

  snapshot(run: string): Promise<Snapshot> {
    return this.json(`api/runs/${run}`);
  }

  async points(run: string, from = 0): Promise<{ iterations: number[]; losses: number[]; rates: number[] }> {
    const answer = await fetch(new URL(`api/runs/${run}/points?from=${from}`, this.address));
    const values = new Float64Array(await answer.arrayBuffer());
    const count = values.length / 3;
    const [iterations, losses, rates] = [0, 1, 2].map((i) => [...values.subarray(i * count, (i + 1) * count)]);
    return { iterations, losses, rates };
  }

  command(run: string, command: unknown, headers: Record<string, string> = { 'X-Layerwise': '1' }): Promise<Response> {
    const body = typeof command === 'string' ? command : JSON.stringify(command);
    const all = { 'Content-Type': 'application/json', ...headers };
    return fetch(new URL(`api/runs/${run}/command`, this.address), { method: 'POST', headers: all, body });
  }

  async tell(run: string, command: Command): Promise<void> {
    const answer = await this.command(run, command);
    if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
  }

  /** Asks until the status is as expected. */
  async until(run: string, isReached: (status: Status) => boolean): Promise<Status> {
    for (let tries = 0; tries < 400; tries++) {
      const { status } = await this.snapshot(run);
      if (isReached(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('the run did not get there');
  }

  /** Listens to updates until one `isLast`. */
  async updates(isLast: (update: Update) => boolean): Promise<Update[]> {
    const answer = await fetch(new URL('api/events', this.address));
    const updates: Update[] = [];
    let text = '';
    const decoder = new TextDecoder();
    for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(part, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() as string;
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data === undefined) continue;
        const update = JSON.parse(data) as Update;
        updates.push(update);
        if (isLast(update)) return updates;
      }
    }
    return updates;
  }
}
