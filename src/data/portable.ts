/** A dataset as plain data, which a worker thread makes again; its arrays in memory that threads share. */
export type PortableDataset =
  | { readonly kind: 'arrays'; readonly length: number; readonly X: unknown; readonly y: unknown }
  | { readonly kind: 'bytes'; readonly X: { data: Uint8Array; shape: readonly number[] }; readonly y: Int32Array }
  | { readonly kind: 'subset'; readonly of: PortableDataset; readonly indices: Int32Array }
  | { readonly kind: 'all'; readonly of: readonly PortableDataset[] }
  /** `parts` of an ImageFolder, or of a WorkerDataset. */
  | { readonly kind: 'images' | 'module'; readonly parts: object };

/** The method by which a dataset gives itself as plain data. */
export const PORTABLE = Symbol('layerwise.portable');
