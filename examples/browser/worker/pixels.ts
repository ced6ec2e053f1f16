import type { Pictures } from '../protocol.js';
import type { Shape } from './shape.js';

/** How much of a picture's side a drawing fills: the digits of MNIST fill 20 of 28 pixels. */
const FILLED = 20 / 28;

/** Pictures that are stored plane by plane, as they are shown. */
export function channelsLast(planes: Uint8Array, [C, H, W]: Shape): Pictures {
  const pixels = new Uint8Array(planes.length);
  const plane = H * W;
  for (let at = 0; at < planes.length; at += C * plane) {
    for (let c = 0; c < C; c++) {
      for (let p = 0; p < plane; p++) pixels[at + p * C + c] = planes[at + c * plane + p]!;
    }
  }
  return { height: H, width: W, channels: C, pixels };
}

/** The middle of a picture file at the size that a network takes. @throws {Error} if it is no picture. */
export async function decodePicture(file: File, [C, H, W]: Shape): Promise<Uint8Array> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name} is no picture that this browser can read, or is damaged.`);
  }
  const scale = Math.min(bitmap.width / W, bitmap.height / H);
  const context = contextOf(W, H);
  const [width, height] = [W * scale, H * scale];
  const [x, y] = [(bitmap.width - width) / 2, (bitmap.height - height) / 2];
  context.fillRect(0, 0, W, H); // black behind what is transparent
  context.drawImage(bitmap, x, y, width, height, 0, 0, W, H);
  bitmap.close();
  return planesOf(context.getImageData(0, 0, W, H), C);
}

/** The pictures that a network knows. */
interface Known {
  readonly shape: Shape;
  /** Of their channels. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * A drawing, light on black, as a picture of the kind that a network knows: of its size, in the middle, and with the
 * contrast of its pictures. Null if nothing is drawn.
 */
export function fromDrawing(drawing: ImageData, { shape, mean, std }: Known) {
  const box = boxOf(drawing);
  if (box === null) return null;
  const [C, H, W] = shape;
  const whole = contextOf(drawing.width, drawing.height);
  whole.putImageData(drawing, 0, 0);
  const scale = (FILLED * Math.min(H, W)) / Math.max(box.width, box.height);
  const [width, height] = [box.width * scale, box.height * scale];
  const context = contextOf(W, H);
  context.fillRect(0, 0, W, H);
  const [x, y] = [(W - width) / 2, (H - height) / 2];
  context.drawImage(whole.canvas, box.x, box.y, box.width, box.height, x, y, width, height);
  const ink = planesOf(context.getImageData(0, 0, W, H), 1);
  if (C === 1) return ink;
  const picture = new Uint8ClampedArray(C * H * W);
  for (let c = 0; c < C; c++) {
    for (let p = 0; p < H * W; p++) picture[c * H * W + p] = mean[c]! + std[c]! * ((2 * ink[p]!) / 255 - 1);
  }
  return new Uint8Array(picture.buffer);
}

/** Pixels of the browser as planes: red, green and blue, or how light they are. */
function planesOf({ data, width, height }: ImageData, channels: number): Uint8Array {
  const plane = width * height;
  const planes = new Uint8Array(channels * plane);
  for (let p = 0; p < plane; p++) {
    const [red, green, blue] = [data[4 * p]!, data[4 * p + 1]!, data[4 * p + 2]!];
    if (channels === 1) planes[p] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    else [planes[p], planes[plane + p], planes[2 * plane + p]] = [red, green, blue];
  }
  return planes;
}

/** The smallest box around what is drawn. */
function boxOf({ data, width, height }: ImageData) {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[4 * (y * width + x)]! < 64) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('This browser draws no pictures in a worker.');
  context.imageSmoothingQuality = 'high';
  return context;
}
