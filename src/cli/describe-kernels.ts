import type { KernelInfo } from '../kernels/index.js';

/** The running kernels in one line, and one line for each feature that is missing. */
export function describeKernels({ kernels, simd, threads, turbo, exact, notes }: KernelInfo): string {
  const parts = [
    `${kernels} kernels${simd === null ? '' : ` with ${simd} SIMD`}`,
    threads === 1 ? '1 thread' : `${threads} threads`,
    ...(turbo ? ['turbo'] : []),
    ...(exact ? ['exact'] : []),
    `Node ${process.versions.node}`,
  ];
  return [`Running on ${parts.join(', ')}`, ...notes].join('\n');
}
