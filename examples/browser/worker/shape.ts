/** The shape of a picture as a network takes it. */
export type Shape = readonly [channels: number, height: number, width: number];

/** How many numbers a picture has. */
export function sizeOf([C, H, W]: Shape): number {
  return C * H * W;
}
