import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dtypeOf, hostValues } from '../../src/arrays/index.js';
import { FormatError } from '../../src/formats/bytes.js';
import { decodePytorch } from '../../src/formats/pytorch.js';
import { int, named, ops, pickled, tensorOps, torchFile } from '../helpers/pickles.js';
import { zipOf } from '../helpers/zips.js';

interface ReadCase {
  readonly name: string;
  readonly file: string;
  readonly tensors: Record<string, { shape: number[]; data: (number | boolean)[] }>;
}

const { read, refused } = JSON.parse(
  readFileSync(path.join(__dirname, '..', 'fixtures', 'files_pytorch.json'), 'utf8'),
) as { read: ReadCase[]; refused: Record<string, string> };

function fileOf(name: string): Uint8Array {
  return Buffer.from((read.find((c) => c.name === name) as ReadCase).file, 'base64');
}

/** The six floats of a storage. */
const SIX = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);

/** A file with one tensor. */
function oneTensor(parts: Parameters<typeof tensorOps>[0], storage: Uint8Array = SIX): Uint8Array {
  return torchFile(pickled(ops('}'), 'a', tensorOps(parts), ops('s')), { 0: storage });
}

describe('files of PyTorch', () => {
  test.each(read)('$name', ({ name, file, tensors }) => {
    const state = decodePytorch(Buffer.from(file, 'base64'));
    expect(Object.keys(state)).toEqual(Object.keys(tensors));
    for (const [key, { shape, data }] of Object.entries(tensors)) {
      expect(state[key].shape).toEqual(shape);
      expect(Array.from(hostValues(state[key])), key).toEqual(data.map(Number));
      if (name === 'every dtype') expect(dtypeOf(state[key])).toBe(/float(32|16)/.test(key) ? 'float32' : 'float64');
    }
  });

  test('an entry of a checkpoint', () => {
    const state = decodePytorch(fileOf('a checkpoint'), { key: 'model' });
    expect(Object.keys(state)).toEqual(Object.keys(decodePytorch(fileOf('a state dict'))));
  });

  test('tensors that share memory share it here, and a transposed one is a view', () => {
    const { whole, transposed, row } = decodePytorch(fileOf('views of one storage'));
    whole.set(1, 2, 50);
    expect([transposed.get(2, 1), row.get(2)]).toEqual([50, 50]);
    expect(transposed.stride).toEqual([1, 3]);
  });

  const STATE_DICT = 'expected a state dict: save it with torch.save(model.state_dict(), file)';
  test.each([
    [
      'legacy',
      'file is of PyTorch before 1.6, expected a file of torch.save: write it again with PyTorch 1.6 or later',
    ],
    ['whole model', `'archive/data.pkl': pickle at byte 2 asks for torch.nn.modules.linear.Linear, ${STATE_DICT}`],
    ['TorchScript', `file is TorchScript, ${STATE_DICT}`],
    ['complex', 'asks for torch.ComplexFloatStorage, expected a state dict: save torch.view_as_real(x) in the place'],
    ['sparse', 'asks for torch._utils._rebuild_sparse_tensor, expected a state dict: save x.to_dense()'],
    ['quantized', 'asks for torch._utils._rebuild_qtensor, expected a state dict: save x.dequantize()'],
    [
      'expanded',
      "a tensor in storage '0' has 1000 numbers, shape (1000,), expected at most the 1 of its storage: make",
    ],
    ['no dictionary', "file contains a tensor without a name, expected a dictionary: torch.save({'x': tensor}, file)"],
    ['no tensor', `file contains no tensor, ${STATE_DICT}`],
    [
      'large integer',
      "storage '0' holds 9007199254740992 at element 1, expected integers from -(2^53 - 1) to 2^53 - 1",
    ],
    ['keys that are no names', 'a key is neither text nor a number, expected a name'],
    ['names that meet', "'a.b' is there twice, expected one tensor of a name"],
  ])('%s is refused', (name, message) => {
    const bytes = Buffer.from(refused[name], 'base64');
    expect(() => decodePytorch(bytes)).toThrow(FormatError);
    expect(() => decodePytorch(bytes)).toThrow(/^decodePytorch: bytes: /);
    expect(() => decodePytorch(bytes)).toThrow(message);
  });
});

describe('other files and arguments', () => {
  test.each([
    [new Uint8Array(), 'file is empty, expected a file of torch.save'],
    [Buffer.from('\x93NUMPY'), 'file is no zip file, expected a file of torch.save'],
    [zipOf([{ name: 'a.npy', content: '' }]), 'file has no data.pkl, expected one, as torch.save writes it'],
    [zipOf(['a', 'b'].map((name) => ({ name: `${name}/data.pkl`, content: 'N.' }))), 'file has 2 data.pkl'],
    [
      zipOf(['data.pkl', 'byteorder'].map((name) => ({ name: `x/${name}`, content: 'N.' }))),
      "byte order is 'N.', expected 'little' or 'big'",
    ],
    [
      zipOf([{ name: 'x/data.pkl', content: '.'.repeat(20e6), deflate: true }]),
      'pickle has 20000000 bytes, expected at',
    ],
  ])('%#', (bytes, message) => {
    expect(() => decodePytorch(bytes)).toThrow(FormatError);
    expect(() => decodePytorch(bytes)).toThrow(message);
  });

  test('what schedules count, and bytes, are left out', () => {
    const counter = [named('collections', 'Counter'), ops('(}'), int(3), int(1), ops('stR')];
    const bytes = [named('_codecs', 'encode'), ops('('), 'abc', 'latin1', ops('tR')];
    const entries = [ops('}('), 'milestones', ...counter, 'bytes', ...bytes, 'a', tensorOps(), ops('u')];
    expect(Object.keys(decodePytorch(torchFile(pickled(...entries), { 0: SIX })))).toEqual(['a']);
    const list = pickled(ops('}'), 'c', named('collections', 'Counter'), ops('(]tR'), ops('s'));
    expect(() => decodePytorch(torchFile(list))).toThrow('makes a Counter of other arguments');
  });

  test('windows over one storage, as unfold makes them, are refused with a way out', () => {
    const windows = oneTensor({ shape: [5, 2], stride: [1, 1] });
    expect(() => decodePytorch(windows)).toThrow('at most the 6 of its storage: make an expanded tensor with clone()');
    const beyond = oneTensor({ shape: [7, 2], stride: [1, 1] });
    expect(() => decodePytorch(beyond)).toThrow(/at most the 6 of its storage$/);
  });

  test.each([
    ['numpy.core.multiarray', 'scalar', "save a tensor, or a number of Python, in the place of NumPy's"],
    ['torch._utils', '_rebuild_meta_tensor_no_storage', 'a tensor on the device meta has no numbers'],
    ['argparse', 'Namespace', 'save the file without it; torch.save(model.state_dict(), file) saves tensors alone'],
  ])('%s.%s is refused with a way out', (module, name, wayOut) => {
    const file = torchFile(pickled(ops('}'), 'a', named(module, name), ops('s')));
    expect(() => decodePytorch(file)).toThrow(`asks for ${module}.${name}, expected a state dict: ${wayOut}`);
  });

  test('arguments', () => {
    const bytes = fileOf('a checkpoint');
    expect(() => decodePytorch(bytes, { key: 'epoch' })).toThrow(
      /the entry 'epoch' contains no tensor, expected a state dict: the keys are '\w+', /,
    );
    expect(() => decodePytorch([1] as never)).toThrow('decodePytorch: bytes is [1], expected a Uint8Array');
    expect(() => decodePytorch(bytes, { key: 1 as never })).toThrow('decodePytorch: key is 1');
    expect(() => decodePytorch(bytes, { keys: 'a' } as never)).toThrow("'keys'");
    expect(() => decodePytorch(bytes, { key: 'net' })).toThrow(
      "decodePytorch: key is 'net', expected one of 'epoch', 'model', 'optimizer', 'history', 'best', 'name', 'seed'",
    );
    expect(() => decodePytorch(oneTensor({}), { key: 'a' })).toThrow('contains a tensor without a name');
  });

  test('a file of a machine with the other byte order is read', () => {
    const bytes = zipOf([
      { name: 'x/data.pkl', content: pickled(ops('}'), 'a', tensorOps(), ops('s')) },
      { name: 'x/data/0', content: Buffer.from(SIX).swap32() },
      { name: 'x/byteorder', content: 'big' },
    ]);
    expect(Array.from(hostValues(decodePytorch(bytes).a))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('tensors of PyTorch 2 whose storage has no dtype', () => {
    const storage = Buffer.concat([
      ops('('),
      pickled('storage').subarray(2, -1),
      named('torch.storage', 'UntypedStorage'),
    ]);
    const rest = pickled('0', 'cpu', int(7), ops('tQ'), int(1), int(2), ops('\x85'), int(1), ops('\x85\x89'));
    const end = Buffer.concat([named('collections', 'OrderedDict'), ops(')R'), named('torch', 'uint16'), ops('}tR')]);
    const tensor = [named('torch._utils', '_rebuild_tensor_v3'), ops('('), storage, rest.subarray(2, -1), end];
    const bytes = torchFile(pickled(ops('}'), 'a', ...tensor, ops('s')), { 0: Uint8Array.of(1, 0, 2, 0, 255, 255, 9) });
    expect(Array.from(hostValues(decodePytorch(bytes).a))).toEqual([2, 65535]);
  });
});

describe('a storage and its tensors', () => {
  test.each([
    ['another length', oneTensor({ numbers: 5, shape: [5], stride: [1] }), "storage '0' has 24 bytes, expected the 20"],
    ['no storage', oneTensor({ key: '7' }), "file has no entry 'archive/data/7'"],
    ['a place above it', oneTensor({ key: '../data.pkl' }), "file has no entry 'archive/data/../data.pkl'"],
    ['beyond the end', oneTensor({ offset: 1 }), "a tensor in storage '0' ends at number 6, expected less than 6"],
    ['by its strides', oneTensor({ stride: [3, 2 ** 40] }), 'ends at number 2199023255555, expected less than 6'],
    ['of petabytes', oneTensor({ shape: [2 ** 50] }), 'has other arguments, expected an offset, sizes and as many'],
    ['of more', oneTensor({ shape: [2 ** 26, 2 ** 26] }), 'has 4503599627370496 numbers, shape (67108864, 67108864)'],
    ['of too many', oneTensor({ shape: [2 ** 30, 2 ** 30] }), 'expected at most 2^53 - 1 values'],
    ['a size below zero', oneTensor({ shape: [-2, 3] }), 'has other arguments'],
    ['a negative stride', oneTensor({ stride: [-3, 1] }), 'has other arguments'],
    [
      'a claim of petabytes',
      oneTensor({ numbers: 2 ** 50 }),
      "storage '0' has 24 bytes, expected the 4503599627370496",
    ],
    [
      'two dtypes',
      torchFile(pickled(ops('}'), 'a', tensorOps(), ops('s'), 'b', tensorOps({ type: 'IntStorage' }), ops('s')), {
        0: SIX,
      }),
      "storage '0' has numbers of F32 and I32, expected one dtype",
    ],
    ['33 axes', oneTensor({ shape: Array(33).fill(1), stride: Array(33).fill(1) }), 'has 33 axes, expected at most 32'],
    ['booleans that are none', oneTensor({ type: 'BoolStorage', numbers: 24 }), "storage '0' holds 128 at element 2"],
  ])('%s', (_, bytes, message) => {
    expect(() => decodePytorch(bytes)).toThrow(FormatError);
    expect(() => decodePytorch(bytes)).toThrow(message);
  });
});

describe('evil pickles', () => {
  const repeated = (part: string, count: number) => ops(part.repeat(count));
  /** A dictionary whose entries are the one before it, `depth` times: 10^depth entries. */
  const bomb = (depth: number) => {
    const level = (i: number) => {
      const entries = Array.from({ length: 10 }, (_, k) => [`${k}`, ops(`h${String.fromCharCode(i)}`)]).flat();
      return [`${i}`, ops('}('), ...entries, ops(`uq${String.fromCharCode(i + 1)}s`)];
    };
    return pickled(
      ops('}'),
      't',
      tensorOps(),
      ops('q\0s'),
      ...Array.from({ length: depth }, (_, i) => level(i)).flat(),
    );
  };
  const itself = [ops('}q\x00'), 'a', ops('h\x00s')];

  const cases: [what: string, pickle: Uint8Array, message: string][] = [
    [
      'os.system',
      pickled(named('os', 'system'), 'echo', ops('\x85R')),
      'asks for os.system, expected a state dict: save',
    ],
    ['posix.system', pickled(named('posix', 'system'), ops('.')), 'asks for posix.system'],
    ['eval', pickled(named('builtins', 'eval'), '1', ops('\x85R')), 'asks for builtins.eval'],
    ['getattr by STACK_GLOBAL', pickled('builtins', 'getattr', ops('\x93')), 'asks for builtins.getattr'],
    [
      'bytes for torch.load',
      pickled(named('torch.storage', '_load_from_bytes')),
      'asks for torch.storage._load_from_bytes',
    ],
    ['a name of numbers', pickled(int(1), int(2), ops('\x93')), 'asks for something without a name'],
    ['a name with controls', pickled(named('a\u001b[31m', 'b')), 'asks for a\\u001b[31m.b'],
    ['a name of the prototype', pickled(named('__proto__', 'constructor')), 'asks for __proto__.constructor'],
    ['a name without end', pickled(ops('cos')), 'name at byte 2 has no end'],
    [
      'a call of a class',
      pickled(named('torch', 'FloatStorage'), ops(')R')),
      'REDUCE at byte 23 calls torch.FloatStorage',
    ],
    [
      'a call of a number',
      pickled(int(1), ops(')R')),
      'calls what is no function, expected a function that makes tensors',
    ],
    [
      'a call without a tuple',
      pickled(named('collections', 'OrderedDict'), ops('NR')),
      'calls collections.OrderedDict',
    ],
    [
      'an OrderedDict of pairs',
      pickled(named('collections', 'OrderedDict'), ops(']\x85R')),
      'makes an OrderedDict of other',
    ],
    [
      'a Parameter of a number',
      pickled(named('torch._utils', '_rebuild_parameter'), ops('N\x85R')),
      'makes a Parameter of',
    ],
    ['a tensor of nothing', pickled(named('torch._utils', '_rebuild_tensor_v2'), ops(')R')), 'a tensor has no storage'],
    ['a Size of a number', pickled(named('torch', 'Size'), ops('N\x85R')), 'makes a Size of other arguments'],
    ['a foreign identifier', pickled('os.system', ops('Q')), 'pickle asks for something that is no storage'],
    ['an instance', pickled(ops('(ios\nsystem\n')), 'operation at byte 3 is 0x69 (INST), expected those of tensors in'],
    ['an object', pickled(ops('(o')), 'is 0x6f (OBJ)'],
    ['a new object', pickled(named('collections', 'OrderedDict'), ops(')\x81')), 'is 0x81 (NEWOBJ)'],
    ['an extension', pickled(ops('\x82\x01')), 'is 0x82 (EXT1)'],
    ['an operation that nobody knows', pickled(ops('\xff')), 'operation at byte 2 is 0xff, expected'],
    ['attributes of a tensor', pickled(tensorOps(), ops('}b')), 'sets attributes, expected a dictionary to do so'],
    ['an old protocol', ops('\x80\x01N.'), 'protocol at byte 0 is 1, expected 2 to 5'],
    ['a protocol to come', ops('\x80\x06N.'), 'protocol at byte 0 is 6, expected 2 to 5'],
    ['nothing on the stack', pickled(), 'stack at byte 2 is empty, expected a value'],
    ['values that are left', pickled(ops('NN')), 'stack at byte 4 has 1 values more, expected none'],
    [
      'bytes that are left',
      Buffer.concat([pickled(ops('}')), ops('}')]),
      'pickle at byte 4 has 1 bytes more, expected the',
    ],
    ['no mark', pickled(ops('t')), 'stack at byte 2 has no mark, expected one'],
    ['a value below the mark', pickled(ops('}(N\x85\x85s')), 'stack at byte 7 is empty'],
    [
      'an entry of no dictionary',
      pickled(ops(']'), 'a', ops('Ns')),
      'SETITEM at byte 10 has no dictionary, expected one',
    ],
    ['a key without a value', pickled(ops('}(Nu')), 'SETITEMS at byte 5 has a key without a value, expected pairs'],
    ['an item of no list', pickled(ops('}Na')), 'APPEND at byte 4 has no list, expected one'],
    ['what the memo does not have', pickled(ops('h\x05')), 'memo at byte 2 has no number 5'],
    [
      'a text beyond the end',
      pickled(ops('X\xff\xff\xff\xffab')),
      'text at byte 7 has 3 bytes left, expected 4294967295',
    ],
    ['bytes beyond the end', pickled(ops('B\xff\xff\xff\xffab')), 'bytes at byte 7 has 3 bytes left'],
    ['text that is none', pickled(ops('X\x01\0\0\0\xff')), 'text at byte 7 is no UTF-8'],
    ['no end', pickled(ops('}')).subarray(0, 3), 'operation at byte 3 has 0 bytes left, expected 1'],
    [
      'a dictionary in itself',
      pickled(...itself),
      'file repeats its dictionaries without end, expected a state dict: save',
    ],
    ['a list in itself', pickled(ops(']q\x00h\x00a')), 'repeats its dictionaries without end'],
    ['10^9 entries of a few', bomb(9), 'repeats its dictionaries without end'],
    ['lists a million deep', pickled(repeated('(', 999_000)), 'stack at byte 999002 is empty'],
    [
      'tuples 100,000 deep',
      pickled(ops('N'), repeated('\x85', 100_000)),
      'has more than 64 dictionaries in each other',
    ],
    ['1,400,000 operations', pickled(repeated('}', 1_400_000)), 'has more than 1350065 operations, expected fewer for'],
    ['a long name, many times', longNames(), 'file has names that are too long'],
  ];

  /** A key of 300 kB above 100 tensors. */
  function longNames(): Uint8Array {
    const entries = Array.from({ length: 100 }, (_, i) => [`${i}`, ops('h\0')]).flat();
    return pickled(ops('}'), 't', tensorOps(), ops('q\0s'), 'x'.repeat(300_000), ops('}('), ...entries, ops('us'));
  }

  test.each(cases)('%s', (_, pickle, message) => {
    const bytes = torchFile(pickle, { 0: SIX });
    const before = process.memoryUsage().arrayBuffers;
    let refusal: unknown;
    try {
      decodePytorch(bytes);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(FormatError);
    expect((refusal as Error).message).toContain(message);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64e6);
  });
});

test('of random changes none is read as other numbers', () => {
  const original = fileOf('views of one storage');
  const wanted = decodePytorch(original);
  fc.assert(
    fc.property(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = Uint8Array.from(original);
      bytes[at] ^= change;
      try {
        expect(decodePytorch(bytes)).toEqual(wanted);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }),
    { numRuns: 300 },
  );
});
