// How long a step of data-parallel training takes, by what it consists of.

/** A net with a batch. Times are of one rank with one thread. */
export interface Net {
  /** Examples to a batch. */
  readonly batch: number;
  /** Seconds of the forward and the backward pass of the whole batch, which the ranks share. */
  readonly compute: number;
  /** Seconds of what every rank does for itself: the update of the parameters, fixed costs. */
  readonly own: number;
  /** Of its gradients. */
  readonly bytes: number;
}

/** What lies between the ranks. */
export interface Network {
  /** Seconds until a message arrives. */
  readonly latency: number;
  /** Bytes per second in each direction. */
  readonly bandwidth: number;
}

/**
 * Seconds of an all-reduce: `latency · log2(p) + 2 (p − 1) / p · bytes / bandwidth`. The second term is what each rank
 * sends and receives at least, whatever the algorithm; the first is that of the algorithms for short messages.
 *
 * @see Thakur, Rabenseifner and Gropp (2005), Optimization of collective communication operations in MPICH.
 */
export function allReduceTime(bytes: number, { latency, bandwidth }: Network, ranks: number): number {
  if (ranks === 1) return 0;
  return latency * Math.log2(ranks) + (2 * (ranks - 1) * bytes) / (ranks * bandwidth);
}

/** Seconds of a step whose batch the ranks share. */
export function stepTime(net: Net, network: Network, ranks: number): number {
  return net.compute / ranks + net.own + allReduceTime(net.bytes, network, ranks);
}

/** How much faster a step is on these ranks than on one, with the same batch. */
export function speedup(net: Net, network: Network, ranks: number): number {
  return stepTime(net, network, 1) / stepTime(net, network, ranks);
}

/** The share of their time for which the ranks compute, where each has a whole batch of its own. */
export function weakEfficiency(net: Net, network: Network, ranks: number): number {
  const alone = net.compute + net.own;
  return alone / (alone + allReduceTime(net.bytes, network, ranks));
}

/**
 * The number of ranks at which a step with the same batch is fastest: more than that take longer. Each has at least one
 * example.
 */
export function fastestRanks(net: Net, network: Network): number {
  let best = 1;
  for (let ranks = 2; ranks <= net.batch; ranks++) {
    if (stepTime(net, network, ranks) < stepTime(net, network, best)) best = ranks;
  }
  return best;
}

/** Up to how many ranks a step with the same batch is at least half as many times as fast as there are ranks. */
export function halfEfficientRanks(net: Net, network: Network): number {
  let ranks = 1;
  while (ranks < net.batch && speedup(net, network, ranks + 1) >= (ranks + 1) / 2) ranks++;
  return ranks;
}

/** What of a step is shared, from the times of a batch and of half of it. */
export function partsOf(whole: number, half: number): { compute: number; own: number } {
  const compute = Math.min(whole, Math.max(0, 2 * (whole - half)));
  return { compute, own: whole - compute };
}

/**
 * The network that explains times of all-reduces between two ranks best: the line `latency + bytes / bandwidth` with
 * the least squares of relative errors.
 */
export function networkOf(times: readonly { readonly bytes: number; readonly seconds: number }[]): Network {
  // Least squares of (latency + slope · bytes) / seconds - 1.
  let [aa, ab, bb, a, b] = [0, 0, 0, 0, 0];
  for (const { bytes, seconds } of times) {
    const [u, v] = [1 / seconds, bytes / seconds];
    [aa, ab, bb, a, b] = [aa + u * u, ab + u * v, bb + v * v, a + u, b + v];
  }
  const determinant = aa * bb - ab * ab;
  const [latency, slope] = [(bb * a - ab * b) / determinant, (aa * b - ab * a) / determinant];
  return { latency: Math.max(0, latency), bandwidth: 1 / slope };
}
