/** What clients ask for. */
export interface Load {
  readonly port: number;
  readonly clients: number;
  readonly seconds: number;
  /** Whole requests, in Base64. */
  readonly requests: readonly string[];
}

/** What they got. */
export interface LoadResult {
  /** Answers, all of them and to a second. */
  readonly answers: number;
  readonly rate: number;
  /** Answers to the same request that differ from the first one, and those that are no 200. */
  readonly wrong: number;
  /** Microseconds of processor time of an answer. */
  readonly cpu: number;
  /** Milliseconds from a request to its answer, of half of them and of 99 %. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * The program of the clients: each has a connection, and asks again as soon as it has its answer. It is written on bare
 * sockets, because it shares the processor with the server, and stands alone, because it is sent as text.
 */
export function clients(self: NodeJS.Process): void {
  const net = self.getBuiltinModule('node:net');
  self.once('message', (load: Load) => {
    const requests = load.requests.map((text) => Buffer.from(text, 'base64'));
    const first: (number | undefined)[] = requests.map(() => undefined);
    const times: number[] = [];
    let wrong = 0;
    let begun = 0;
    let cpu = self.cpuUsage();
    let isOver = false;
    const start = (client: number): void => {
      let next = client % requests.length;
      let asked = 0;
      let text = '';
      const socket = net.connect(load.port, '127.0.0.1');
      socket.setNoDelay(true);
      const ask = (): void => {
        asked = performance.now();
        text = '';
        socket.write(requests[next]);
      };
      socket.on('connect', ask);
      socket.on('data', (part) => {
        text += part.toString('latin1');
        const end = text.indexOf('\r\n\r\n');
        if (end === -1) return;
        const at = text.indexOf('Content-Length: ');
        if (text.length < end + 4 + Number.parseInt(text.slice(at + 16, at + 24), 10)) return;
        if (isOver) return void socket.destroy();
        if (begun > 0) times.push(performance.now() - asked);
        // The last bits depend on the examples beside it.
        const found = Number.parseFloat(text.slice(text.indexOf('"probability":', end) + 14));
        first[next] ??= found;
        if (!text.startsWith('HTTP/1.1 200') || !(Math.abs(found - (first[next] as number)) < 1e-6)) wrong++;
        next = (next + 1) % requests.length;
        ask();
      });
    };
    for (let client = 0; client < load.clients; client++) start(client);
    setTimeout(() => {
      begun = performance.now();
      cpu = self.cpuUsage();
      self.send?.('begun');
      setTimeout(() => {
        const { user, system } = self.cpuUsage(cpu);
        const seconds = (performance.now() - begun) / 1000;
        isOver = true;
        const sorted = times.slice().sort((a, b) => a - b);
        const at = (part: number): number => sorted[Math.floor(part * sorted.length)];
        const answers = times.length;
        const result: LoadResult = {
          ...{ answers, rate: answers / seconds, wrong },
          ...{ cpu: (user + system) / answers, p50: at(0.5), p99: at(0.99) },
        };
        self.send?.(result, () => self.exit());
      }, 1000 * load.seconds);
    }, 300);
  });
}
