/** The kernels, a WebAssembly module, as one of the builds has them. */
export declare function compileBuild(name: 'relaxed' | 'plain'): Promise<Uint8Array<ArrayBuffer>>;
