import { el } from './dom.js';

/** Pictures as bytes, channels last: gray or RGB. */
export interface Pictures {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly pixels: Uint8Array;
}

/** How pictures lie on a canvas. */
export interface Sheet {
  readonly columns: number;
  /** Pixels of the screen for a pixel of a picture. */
  readonly scale: number;
  /** Pixels of the screen between pictures. */
  readonly gap: number;
}

/** Draws pictures, row by row, on a canvas whose pixels stay sharp. */
export function sheet({ height, width, channels, pixels }: Pictures, { columns, scale, gap }: Sheet, label: string) {
  const size = height * width * channels;
  const count = Math.floor(pixels.length / Math.max(1, size));
  const rows = Math.ceil(count / columns);
  const canvas = el('canvas', {
    role: 'img',
    'aria-label': label,
    width: Math.max(1, columns * (width * scale + gap) - gap),
    height: Math.max(1, rows * (height * scale + gap) - gap),
  });
  const context = canvas.getContext('2d');
  const small = new OffscreenCanvas(width, height);
  const smallContext = small.getContext('2d');
  if (context === null || smallContext === null) return canvas;
  context.imageSmoothingEnabled = false;
  const image = new ImageData(width, height);
  for (let i = 0; i < count; i++) {
    for (let p = 0; p < height * width; p++) {
      const at = i * size + p * channels;
      for (let c = 0; c < 3; c++) image.data[4 * p + c] = pixels[at + (channels === 3 ? c : 0)]!;
      image.data[4 * p + 3] = 255;
    }
    smallContext.putImageData(image, 0, 0);
    const x = (i % columns) * (width * scale + gap);
    const y = Math.floor(i / columns) * (height * scale + gap);
    context.drawImage(small, x, y, width * scale, height * scale);
  }
  return canvas;
}
