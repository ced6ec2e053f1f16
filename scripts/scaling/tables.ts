// The tables of docs/scaling-out.md, computed from what was measured.

import type { Measured, MeasuredNet } from './measure.js';
import {
  fastestRanks,
  halfEfficientRanks,
  type Net,
  type Network,
  networkOf,
  partsOf,
  speedup,
  stepTime,
  weakEfficiency,
} from './model.js';

/** Networks as their makers describe them, with the time that a message takes between two programs. */
export const NETWORKS: Readonly<Record<string, Network>> = {
  'Ethernet, 1 Gbit/s': { latency: 50e-6, bandwidth: 125e6 },
  'Ethernet, 25 Gbit/s': { latency: 20e-6, bandwidth: 3.1e9 },
  'InfiniBand, 200 Gbit/s': { latency: 2e-6, bandwidth: 25e9 },
};

/** On paper, since one machine does not have them. */
const ON_PAPER = [8, 64, 1000];

/** The net of the model. */
export function netOf({ batch, bytes, whole, half }: MeasuredNet): Net {
  return { batch, bytes, ...partsOf(whole, half) };
}

/** All tables by name. */
export function tablesOf(measured: Measured): Record<string, string> {
  const nets = Object.entries(measured.nets).map(([name, net]) => ({ name, measured: net, net: netOf(net) }));
  const networks = Object.entries(NETWORKS);
  const here = networkOf(measured.allReduces);
  return {
    nets: table(
      ['net', 'batch', 'step, ms', 'of it shared', 'own', 'gradients, MB'],
      nets.map(({ name, measured: { whole }, net: { batch, compute, own, bytes } }) => {
        return [name, `${batch}`, ms(whole), ms(compute), ms(own), (bytes / 1e6).toFixed(2)];
      }),
    ),
    allReduces: table(
      ['all-reduce of', 'measured, ms', 'model, ms', 'GB/s'],
      measured.allReduces.map(({ bytes, seconds }) => {
        const model = here.latency + bytes / here.bandwidth;
        return [size(bytes), ms(seconds), ms(model), (bytes / seconds / 1e9).toFixed(2)];
      }),
    ),
    twoRanks: table(
      ['net', 'one rank, ms', 'two ranks, model', 'two ranks, measured', 'speedup, model', 'measured'],
      nets.map(({ name, measured: { whole, twoRanks }, net }) => {
        const model = stepTime(net, here, 2);
        const found = twoRanks === null ? ['–', '–'] : [ms(twoRanks), times(whole / twoRanks)];
        return [name, ms(whole), ms(model), found[0], times(whole / model), found[1]];
      }),
    ),
    fastest: table(
      ['net', ...networks.map(([name]) => name)],
      nets.map(({ name, net }) => [
        name,
        ...networks.map(([, network]) => {
          const [useful, ranks] = [halfEfficientRanks(net, network), fastestRanks(net, network)];
          return ranks === 1 ? '1; 1' : `${useful}; ${ranks}, ${times(speedup(net, network, ranks))}`;
        }),
      ]),
    ),
    shared: table(
      ['net', ...networks.map(([name]) => `${name}: 8, 64 ranks`)],
      nets.map(({ name, net }) => [
        name,
        ...networks.map(([, network]) => {
          const sizes = ON_PAPER.filter((ranks) => ranks <= 64);
          return sizes.map((ranks) => (ranks > net.batch ? '–' : times(speedup(net, network, ranks)))).join(', ');
        }),
      ]),
    ),
    weak: table(
      ['net', ...networks.map(([name]) => `${name}: 8, 64, 1,000 ranks`)],
      nets.map(({ name, net }) => [
        name,
        ...networks.map(([, network]) => {
          const shares = ON_PAPER.map((ranks) => (100 * weakEfficiency(net, network, ranks)).toFixed(0));
          return `${shares.join(', ')} %`;
        }),
      ]),
    ),
  };
}

/** A page with the tables of these measurements in the places of those that have the same heads. */
export function withTables(page: string, measured: Measured): string {
  const { machine, node } = measured;
  const start = page.replace(/^Machine: .*$/m, () => `Machine: ${machine}, Node ${node}.`);
  return Object.entries(tablesOf(measured)).reduce((text, [name, rows]) => {
    const [head] = rows.split('\n');
    const from = text.indexOf(`${head}\n`);
    if (from < 0) throw new Error(`the page has no table for ${name}: ${head}`);
    const end = text.indexOf('\n\n', from);
    return text.slice(0, from) + rows + text.slice(end < 0 ? text.length : end);
  }, start);
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** Seconds in milliseconds, to three digits. */
function ms(seconds: number): string {
  const value = 1e3 * seconds;
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : Number(value.toPrecision(2)).toString();
}

function times(factor: number): string {
  return `${factor.toFixed(factor < 10 ? 2 : 1)}×`;
}

function size(bytes: number): string {
  return bytes >= 1 << 20 ? `${bytes / (1 << 20)} MB` : `${bytes / 1024} KB`;
}
