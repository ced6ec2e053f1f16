import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { attempt, makeFolder } from '../files/index.js';
import { CliError } from './errors.js';

/** The exercise of a chapter of the guide. */
interface Lesson {
  /** The chapter, a file of docs/guide. */
  readonly chapter: string;
  /** What one writes. */
  readonly task: string;
}

/** By name, in the order of the chapters. */
export const LESSONS: Readonly<Record<string, Lesson>> = {
  layers: { chapter: 'layers-and-caches', task: 'an affine layer, a ReLU, and a net of both' },
  gradients: { chapter: 'gradient-checking', task: 'a gradient check, and a backward pass that passes it' },
  updates: { chapter: 'update-rules', task: 'momentum, RMSProp and Adam' },
  batchnorm: { chapter: 'batch-normalization', task: 'batch normalization, forward and backward' },
  dropout: { chapter: 'dropout', task: 'inverted dropout' },
  convolution: { chapter: 'convolution', task: 'a convolution by loops, then by a matrix product' },
  autograd: { chapter: 'autograd-and-modules', task: 'the way back through a graph, and the parameters of a module' },
  saving: { chapter: 'saving', task: 'a file of arrays, written and read' },
  data: { chapter: 'your-own-data', task: 'a standardizer, a split, batches, and a dataset' },
  scaling: { chapter: 'scaling-out', task: 'gradients of shares of a batch, and a model of time' },
};

/** Where the lessons are: they stand two folders above this file, in src/ and in dist/. */
const FOLDER = join(__dirname, '..', '..', 'docs', 'guide', 'lessons');

/** What a reader gets of a lesson, with the folder that it comes from. All lessons share `lesson.mjs`. */
const EXERCISE = { 'exercise.mjs': '', 'check.mjs': '', 'lesson.mjs': '..' } as const;
const SOLUTION = { 'solution.mjs': '' } as const;

/** What {@link writeLesson} needs. */
export interface LessonParts {
  /** A key of {@link LESSONS}. */
  readonly name: string;
  /** The folder to write to, which is made where there is none. */
  readonly folder: string;
  /** How errors name that folder. */
  readonly called: string;
  /** Whether to write the solution, and not the exercise. */
  readonly solution: boolean;
}

/**
 * Writes the files of a lesson into a folder: all of them or, where one is there already or cannot be written, none.
 *
 * @returns The names of the files.
 * @throws {Error} naming the file that is there, or that the system refuses.
 */
export function writeLesson({ name, folder, called, solution }: LessonParts): string[] {
  const sources: Readonly<Record<string, string>> = solution ? SOLUTION : EXERCISE;
  const files = Object.keys(sources);
  const texts = files.map((file) => {
    const source = join(FOLDER, name, sources[file], file);
    return attempt('lesson', 'read', source, () => readFileSync(source));
  });
  const there = files.find((file) => existsSync(join(folder, file)));
  if (there !== undefined) {
    throw new CliError(
      `lesson: ${join(called, there)} is there already, and nothing is overwritten; name another folder: ` +
        `lesson ${name} FOLDER${solution ? ' --solution' : ''}`,
    );
  }
  makeFolder('lesson', folder);
  const written: string[] = [];
  try {
    for (const [i, file] of files.entries()) {
      const target = join(folder, file);
      // A file that has come meanwhile is not overwritten either.
      attempt('lesson', 'write', join(called, file), () => writeFileSync(target, texts[i], { flag: 'wx' }));
      written.push(target);
    }
  } catch (error) {
    for (const target of written) rmSync(target, { force: true });
    throw error;
  }
  return files;
}

/** Whether programs in a folder find this package. */
export function findsPackage(folder: string): boolean {
  try {
    createRequire(join(folder, 'check.mjs')).resolve('layerwise');
    return true;
  } catch {
    return false;
  }
}
