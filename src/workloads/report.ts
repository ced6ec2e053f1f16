import type { Measurement } from './measure.js';
import { convolutionMemory, imagesScored, peakMemory, productFlops } from './workloads.js';

/** Width of the names of workloads. */
const NAME_WIDTH = 30;
const CELL_WIDTH = 11;

/** Names of the columns above {@link resultLine}. */
export const HEADER = tableLine('workload', 'median ms', 'fastest ms', 'n', 'memory');

/** A measurement as a line of a table. */
export function resultLine({ workload, ms, min, n }: Measurement): string {
  const [flops, images] = [productFlops(workload), imagesScored(workload)];
  const rate = flops === null ? '' : `   ${(flops / min / 1e6).toFixed(1)} GFLOP/s at best`;
  const scored = images === null ? '' : `   ${Math.round((1000 * images) / min)} images/s at best`;
  const memory = megabytes(peakMemory(workload));
  return `${tableLine(workload, milliseconds(ms), milliseconds(min), String(n), memory)}${rate}${scored}`;
}

/** In how much memory a convolution works, for those who time one: a sentence for each format. */
export function convolutionNotes(names: readonly string[]): string[] {
  if (!names.some((name) => name.startsWith('layer_conv'))) return [];
  return (['float32', 'float64'] as const).map((format) => {
    const { working, operands } = convolutionMemory(format);
    const share = `${(working / operands).toFixed(2)} of its input, output and weights (${megabytes(operands)})`;
    return `a ${format} convolution works in ${megabytes(working)}, ${share}`;
  });
}

/** A line of a table: the name of a workload, then numbers. */
export function tableLine(name: string, ...cells: readonly string[]): string {
  return [name.padEnd(NAME_WIDTH), ...cells.map((cell) => cell.padStart(CELL_WIDTH))].join(' ');
}

/** Bytes in MB. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 1)} MB`;
}

/** Milliseconds with as many digits as mean something. */
export function milliseconds(ms: number): string {
  return ms.toFixed(ms < 10 ? 3 : 1);
}
