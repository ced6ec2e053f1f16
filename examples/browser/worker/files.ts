import { decodeCifar10Batch, decodeIdx, type IdxData } from 'layerwise';
import type { Dropped } from '../protocol.js';
import { type ImageSet, imageSet, joined, type Part, shuffled } from './image-set.js';
import { decodePicture } from './pixels.js';
import { sizeOf } from './shape.js';

const CIFAR_SHAPE = [3, 32, 32] as const;
const CIFAR_CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const FASHION_CLASSES = 'T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot'.split(',');

/** Pictures of a visitor are made this large. */
const OWN_SHAPE = [3, 32, 32] as const;
const MOST_CLASSES = 100;
/** Pixels of a side: larger pictures would take minutes a step. */
const MOST_SIDE = 64;

/** What files turned out to be. */
export type Recognized =
  | { readonly kind: 'data'; readonly set: ImageSet; readonly leftOut: readonly string[] }
  | { readonly kind: 'network'; readonly file: File }
  | { readonly kind: 'pictures'; readonly files: readonly File[] };

/** Pictures whose kind the system does not know. */
const PICTURE = /\.(png|jpe?g|gif|webp|bmp|avif)$/i;

/** @throws {Error} with a sentence that names the file that is not what it should be. */
export async function recognize(dropped: readonly Dropped[]): Promise<Recognized> {
  const batches: File[] = [];
  const idx: Dropped[] = [];
  const pictures: Dropped[] = [];
  for (const one of dropped) {
    const { file } = one;
    if (/\.safetensors$/i.test(file.name)) return { kind: 'network', file };
    if (/\.bin$/i.test(file.name)) batches.push(file);
    else if (/^image\//.test(file.type) || PICTURE.test(file.name)) pictures.push(one);
    else if (/idx\d|\.gz$/i.test(file.name)) idx.push(one);
  }
  if (batches.length > 0) return { kind: 'data', set: await cifarSet(batches), leftOut: [] };
  if (idx.length > 0) return { kind: 'data', set: await idxSet(idx), leftOut: [] };
  if (pictures.length === 0) {
    const what = dropped.length === 0 ? 'There was no file in that' : `${dropped[0]!.file.name} is of no known kind`;
    throw new Error(`${what}: this page takes .bin batches, idx files, pictures and .safetensors networks.`);
  }
  const [innermost, outer] = byDepth(pictures);
  const classes = [...new Set(innermost.map(folderOf))].sort();
  if (classes.length > 1) {
    const { set, leftOut } = await folderSet(innermost, classes);
    return { kind: 'data', set, leftOut: [...leftOut, ...outer.map(({ path }) => path)] };
  }
  return { kind: 'pictures', files: pictures.map(({ file }) => file) };
}

/** Batches of CIFAR-10 in the binary version. */
async function cifarSet(files: readonly File[]): Promise<ImageSet> {
  const training: Part[] = [];
  const testing: Part[] = [];
  for (const file of files) {
    const part = decoded(file, await bytesOf(file), decodeCifar10Batch);
    (file.name.startsWith('test') && files.length > 1 ? testing : training).push(part);
  }
  const facts = { name: 'CIFAR-10', shape: CIFAR_SHAPE, classes: CIFAR_CLASSES };
  return imageSet(facts, joined(training), testing.length === 0 ? null : joined(testing));
}

/** MNIST and its like: images and labels in files of their own, for training and for testing. */
async function idxSet(files: readonly Dropped[]): Promise<ImageSet> {
  const training: Read[] = [];
  const testing: Read[] = [];
  for (const { file } of files) {
    const read = { file, ...decoded(file, await bytesOf(file), decodeIdx) };
    (/t10k|test/.test(file.name) ? testing : training).push(read);
  }
  if (training.length === 0) training.push(...testing.splice(0));
  const [first, second] = [pair(training), testing.length === 0 ? null : pair(testing)];
  if (second !== null && second.shape.join() !== first.shape.join()) {
    throw new Error(`The test images are ${sizes(second.shape)}, the training images ${sizes(first.shape)}.`);
  }
  const isFashion = files.some(({ path }) => /fashion/i.test(path));
  const most = Math.max(first.most, second?.most ?? 0) + 1;
  const digits = Array.from({ length: Math.max(10, most) }, (_, digit) => `${digit}`);
  const facts = {
    name: isFashion ? 'Fashion-MNIST' : 'MNIST',
    shape: first.shape,
    classes: isFashion && most <= FASHION_CLASSES.length ? FASHION_CLASSES : digits,
  };
  return imageSet(facts, first.part, second?.part ?? null);
}

interface Read extends IdxData {
  readonly file: File;
}

/** Images and their labels. */
function pair(files: readonly Read[]) {
  const images = files.find(({ shape }) => shape.length === 3);
  const labels = files.find(({ shape }) => shape.length === 1);
  if (images === undefined || labels === undefined) {
    const [there, missing] = images === undefined ? ['labels', 'images'] : ['images', 'labels'];
    throw new Error(`${files[0]!.file.name} has ${there}; drop the file of their ${missing} together with it.`);
  }
  const [count, H, W] = images.shape as [number, number, number];
  if (!(images.data instanceof Uint8Array && labels.data instanceof Uint8Array) || count === 0) {
    throw new Error(`${images.file.name} has no images of bytes.`);
  }
  if (Math.max(H, W) > MOST_SIDE || Math.min(H, W) < 8) {
    throw new Error(`${images.file.name} has images of ${W} by ${H} pixels: 8 to ${MOST_SIDE} can be trained here.`);
  }
  if (labels.shape[0] !== count) {
    throw new Error(`${labels.file.name} has ${labels.shape[0]} labels for ${count} images of ${images.file.name}.`);
  }
  const most = labels.data.reduce((a, b) => Math.max(a, b));
  if (most >= MOST_CLASSES) throw new Error(`${labels.file.name} has a label ${most}: it is no file of labels.`);
  return { shape: [1, H, W] as const, part: { images: images.data, labels: labels.data }, most };
}

/** Pictures in folders, a folder a class. What cannot be read is left out. */
async function folderSet(files: readonly Dropped[], classes: readonly string[]) {
  if (classes.length > MOST_CLASSES) {
    throw new Error(`These are pictures in ${classes.length} folders: at most ${MOST_CLASSES} classes can be trained.`);
  }
  const size = sizeOf(OWN_SHAPE);
  const images = new Uint8Array(files.length * size);
  const labels: number[] = [];
  const leftOut: string[] = [];
  for (const one of files) {
    try {
      images.set(await decodePicture(one.file, OWN_SHAPE), labels.length * size);
      labels.push(classes.indexOf(folderOf(one)));
    } catch {
      leftOut.push(one.path);
    }
  }
  const empty = classes.find((_, label) => !labels.includes(label));
  if (empty !== undefined) throw new Error(`None of the pictures in ${empty} can be read.`);
  const part = { images: images.subarray(0, labels.length * size), labels: Uint8Array.from(labels) };
  const facts = { name: 'Your pictures', shape: OWN_SHAPE, classes };
  return { set: imageSet(facts, shuffled(part, size), null), leftOut };
}

/** Pictures in folders without folders of pictures, and the others: one beside the folders of classes is in none. */
function byDepth(pictures: readonly Dropped[]): [innermost: Dropped[], outer: Dropped[]] {
  const outer = new Set<string>();
  for (const { path } of pictures) {
    const folders = path.split('/').slice(0, -1);
    for (let depth = 0; depth < folders.length; depth++) outer.add(folders.slice(0, depth).join('/'));
  }
  const isOuter = ({ path }: Dropped) => outer.has(path.split('/').slice(0, -1).join('/'));
  return [pictures.filter((one) => !isOuter(one)), pictures.filter(isOuter)];
}

/** The name of the folder that a file is in. */
function folderOf({ path }: Dropped): string {
  return path.split('/').at(-2) ?? '';
}

/** Bytes of the file by a decoder of the library, whose errors call them `bytes`. */
function decoded<T>(file: File, bytes: Uint8Array, decode: (bytes: Uint8Array) => T): T {
  try {
    return decode(bytes);
  } catch (error) {
    throw new Error(`${(error as Error).message.replace(/^\w+: bytes/, file.name)}.`, { cause: error });
  }
}

/** @throws {Error} with a sentence that names the file, if it cannot be read. */
export async function bytesOf(file: File): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Error(`${file.name} cannot be read: it may have been moved, or does not fit into memory.`);
  }
}

function sizes([, H, W]: readonly [number, number, number]): string {
  return `${W} by ${H} pixels`;
}
