import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { DataLoader, ImageFolder, type ImageFolderOptions, imageFolder, Subset } from '../../src/data/index.js';
import { readImage } from '../../src/images/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { jpegOf, pngOf, smoothPixels } from '../helpers/pictures.js';

/** A grey PNG of 2 × 2 pixels. */
function grey(level: number): Uint8Array {
  return pngOf({ width: 2, height: 2, channels: 1, depth: 8, data: new Uint8Array(4).fill(level) });
}

/** A folder of files, their folders made as they are needed. */
function folderOf(files: Readonly<Record<string, Uint8Array | string>>): string {
  const dir = temporaryDir();
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(dir, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }
  return dir;
}

const CATS = {
  'dog/10.png': grey(4),
  'dog/9.PNG': grey(5),
  'cat/b.jpg': jpegOf(smoothPixels(8, 8), 8, 8),
  'cat/a.png': grey(1),
};

describe('imageFolder', () => {
  test('takes each folder as a class, sorted', () => {
    const dir = folderOf(CATS);
    const dataset = imageFolder(dir, { size: 4 });
    expect(dataset).toBeInstanceOf(ImageFolder);
    expect(dataset.classes).toEqual(['cat', 'dog']);
    expect(dataset.files).toEqual(['cat/a.png', 'cat/b.jpg', 'dog/10.png', 'dog/9.PNG'].map((f) => path.join(dir, f)));
    expect(dataset.labels).toEqual(Int32Array.of(0, 0, 1, 1));
    expect(dataset.length).toBe(4);
    expect(dataset.skipped).toEqual([]);
    const [image, label] = dataset.get(2);
    expect(label).toBe(1);
    expect(image).toEqualBits(readImage(path.join(dir, 'dog/10.png'), { size: 4 }));
    expect(image.shape).toEqual([3, 4, 4]);
  });

  test('gives the options of readImage to each picture', () => {
    const dataset = imageFolder(folderOf(CATS), { size: [3, 5], channels: 1, dtype: 'float64' });
    expect(dataset.get(1)[0].shape).toEqual([1, 3, 5]);
    expect(dataset.get(1)[0].data).toBeInstanceOf(Float64Array);
  });

  test('sorts by code point, above the planes that UTF-16 splits too', () => {
    const dir = folderOf({
      'Z/a.png': grey(0),
      'a/a.png': grey(0),
      'é/a.png': grey(0),
      '😀/a.png': grey(0),
      '﹏/a.png': grey(0),
    });
    expect(imageFolder(dir).classes).toEqual(['Z', 'a', 'é', '﹏', '😀']);
  });

  test('takes what is in folders of a class, and passes over what is hidden or of another kind', () => {
    const dir = folderOf({
      'cat/z.png': grey(0),
      'cat/more/a.png': grey(0),
      'cat/more/than/b.png': grey(0),
      'cat/.hidden.png': grey(0),
      'cat/.hidden/c.png': grey(0),
      'cat/notes.txt': 'a cat',
      '.git/d.png': grey(0),
      'README.md': 'cats',
      '.DS_Store': '',
    });
    expect(imageFolder(dir).files).toEqual(
      ['cat/z.png', 'cat/more/a.png', 'cat/more/than/b.png'].map((file) => path.join(dir, file)),
    );
    expect(imageFolder(dir, { extensions: ['.TXT'] }).files).toEqual([path.join(dir, 'cat/notes.txt')]);
  });

  test('follows links, but not in a circle', () => {
    const dir = folderOf({ 'cat/a.png': grey(0) });
    const elsewhere = folderOf({ 'b.png': grey(0) });
    fs.symlinkSync(elsewhere, path.join(dir, 'dog'));
    expect(imageFolder(dir)).toMatchObject({ classes: ['cat', 'dog'], length: 2 });
    fs.symlinkSync('..', path.join(dir, 'cat', 'up'));
    expect(() => imageFolder(dir)).toThrow(
      `imageFolder: ${dir}/cat/up/cat leads back to ${fs.realpathSync(dir)}/cat, which it is in; remove the`,
    );
  });

  test('is read in batches, the same ones each time', () => {
    const loader = () =>
      new DataLoader(imageFolder(folderOf(CATS), { size: 8 }), { batchSize: 3, shuffle: true, seed: 3 });
    const [one, two] = [[...loader()], [...loader()]];
    expect(one.map(([X]) => X.shape)).toEqual([
      [3, 3, 8, 8],
      [1, 3, 8, 8],
    ]);
    for (const [b, [X, y]] of one.entries()) {
      expect(X).toEqualBits(two[b][0]);
      expect(y).toEqual(two[b][1]);
    }
  });

  test('without a size, pictures of different sizes make no batch', () => {
    const dataset = imageFolder(folderOf(CATS));
    expect(() => [...new DataLoader(dataset, { batchSize: 2 })]).toThrow(
      'dataset.get(1) returned x as float32 of shape (3, 8, 8), expected float32 of',
    );
    const wayOut = `${dataset.files[1]} is of another size, set { size } for pictures of one size`;
    expect(() => [...new DataLoader(dataset, { batchSize: 2 })]).toThrow(wayOut);
    expect(() => [...new DataLoader(new Subset(dataset, [0, 1]), { batchSize: 2 })]).toThrow(wayOut);
  });
});

describe('a broken picture', () => {
  const BROKEN = { ...CATS, 'cat/aa.jpg': new Uint8Array(0), 'dog/91.png': grey(0).subarray(0, 50) };

  test('is named when it is read', () => {
    const dir = folderOf(BROKEN);
    const dataset = imageFolder(dir);
    expect(dataset.length).toBe(6);
    expect(() => dataset.get(1)).toThrow(
      `ImageFolder.get: ${dir}/cat/aa.jpg has no bytes, expected a PNG or JPEG image`,
    );
    expect(() => [...new DataLoader(dataset, { batchSize: 2 })]).toThrow(`${dir}/cat/aa.jpg has no bytes`);
  });

  test('is left out where that is asked for', () => {
    const dir = folderOf(BROKEN);
    const dataset = imageFolder(dir, { size: 2, onBroken: 'skip' });
    expect(dataset.files).toEqual(
      imageFolder(folderOf(CATS)).files.map((f) => path.join(dir, ...f.split('/').slice(-2))),
    );
    expect(dataset.labels).toEqual(Int32Array.of(0, 0, 1, 1));
    expect(dataset.skipped).toEqual([
      { file: path.join(dir, 'cat/aa.jpg'), reason: 'has no bytes' },
      { file: path.join(dir, 'dog/91.png'), reason: 'is a PNG that is cut off: it has no end' },
    ]);
    expect(dataset.get(3)[0].shape).toEqual([3, 2, 2]);
  });

  test('is no reason to leave a class without pictures', () => {
    const dir = folderOf({ 'cat/a.png': grey(0), 'dog/a.png': 'woof', 'dog/b.png': '' });
    expect(() => imageFolder(dir, { onBroken: 'skip' })).toThrow(
      `imageFolder: the class 'dog' has no picture that can be read; ${dir}/dog/a.png is something else`,
    );
  });

  test('is not what the system does not let us read', () => {
    const dir = folderOf({ 'cat/a.png': grey(0) });
    fs.symlinkSync('nowhere', path.join(dir, 'cat', 'b.png'));
    expect(() => imageFolder(dir, { onBroken: 'skip' })).toThrow(`cannot read ${dir}/cat/b.png (ENOENT`);
  });
});

describe('imageFolder refuses', () => {
  test.each<[string, Record<string, string>, string]>([
    ['nothing', {}, 'imageFolder: there are no folders in DIR, expected one for each class'],
    [
      'an empty class',
      { 'cat/a.png': '', 'dog/a.txt': '' },
      'imageFolder: the class DIR/dog has no pictures (.png, .jpg, .jpeg); remove the folder, or put pictures in it',
    ],
    [
      'pictures beside the folders',
      { 'cat/a.png': '', 'b.jpeg': '' },
      'imageFolder: DIR/b.jpeg is beside the classes, expected each picture in the folder of its class',
    ],
    [
      'names that differ by case',
      { 'Cat/a.png': '', 'cat/a.png': '' },
      "imageFolder: the classes 'Cat' and 'cat' in DIR differ by case alone; rename one, or merge them",
    ],
    [
      'names that differ by the coding of an accent',
      { 'é/a.png': '', 'e\u0301/a.png': '' },
      'differ only by how accents are coded',
    ],
  ])('%s', (_, files, message) => {
    const dir = folderOf(files);
    expect(() => imageFolder(dir)).toThrow(message.replaceAll('DIR', dir));
  });

  test('what is no folder', () => {
    const dir = folderOf({ file: '' });
    expect(() => imageFolder(path.join(dir, 'no'))).toThrow(`imageFolder: there is no folder ${dir}/no`);
    expect(() => imageFolder(path.join(dir, 'file'))).toThrow(`imageFolder: ${dir}/file is a file, expected a folder`);
    expect(() => imageFolder('no such folder')).toThrow(`no folder no such folder (${path.resolve('no such folder')})`);
    expect(() => imageFolder(7 as never)).toThrow('imageFolder: dir is 7, expected a path');
  });

  test.each<[object, string]>([
    [{ onBroken: 'ignore' }, "imageFolder: onBroken is 'ignore', expected 'throw' or 'skip'"],
    [{ extensions: ['png'] }, "imageFolder: extensions is ['png'], expected a list of endings as '.png'"],
    [{ size: -1 }, 'imageFolder: size is -1, expected a whole number from 1'],
    [{ sizes: 1 }, "imageFolder: unknown option 'sizes', expected size, channels, dtype, maxPixels, extensions"],
  ])('the options %o', (options, message) => {
    expect(() => imageFolder(folderOf(CATS), options as ImageFolderOptions)).toThrow(message);
  });
});

describe('ImageFolder', () => {
  const parts = { classes: ['cat', 'dog'], files: ['a.png', 'b.png'], labels: [1, 0] };

  test('takes any list of files', () => {
    const dir = folderOf({ 'a.png': grey(7), 'b.png': grey(8) });
    const files = parts.files.map((file) => path.join(dir, file));
    const dataset = new ImageFolder({ ...parts, files, options: { channels: 1 } });
    expect([0, 1].map((i) => [dataset.get(i)[0].get(0, 1, 1), dataset.get(i)[1]])).toEqual([
      [7, 1],
      [8, 0],
    ]);
  });

  test('is made anew of its parts, which can be sent to a thread', () => {
    const dataset = imageFolder(folderOf({ ...CATS, 'dog/x.png': '' }), { size: 3, onBroken: 'skip' });
    const again = new ImageFolder(structuredClone(dataset.parts));
    expect(again.parts).toEqual(dataset.parts);
    expect(again.skipped).toHaveLength(1);
    expect(again.get(2)[0]).toEqualBits(dataset.get(2)[0]);
  });

  test.each<[unknown, string]>([
    [null, 'ImageFolder: parts is null, expected { classes, files, labels, options, skipped }'],
    [{ ...parts, classes: [] }, 'ImageFolder: classes is [], expected a list of names, at least one'],
    [{ ...parts, files: ['a', 3] }, "ImageFolder: files is ['a', 3], expected a list of paths, at least one"],
    [{ ...parts, labels: [0] }, 'ImageFolder: labels has shape (1,), expected (N=2,)'],
    [{ ...parts, labels: [0, 2] }, 'ImageFolder: labels[1] is 2, expected an integer in [0, C=2)'],
    [{ ...parts, options: { onBroken: 'skip' } }, "ImageFolder: unknown option 'onBroken', expected size"],
  ])('refuses %o', (value, message) => {
    expect(() => new ImageFolder(value as typeof parts)).toThrow(message);
  });

  test('has no examples outside of it', () => {
    const dataset = new ImageFolder(parts);
    for (const i of [-1, 2, 0.5]) {
      expect(() => dataset.get(i)).toThrow(`ImageFolder.get: i is ${i}, expected a whole number from 0 to 1`);
    }
  });
});
