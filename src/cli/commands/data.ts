import { Command } from 'commander';
import type { Io } from '../io.js';
import { dataDownloadCommand } from './data-download.js';
import { dataInfoCommand } from './data-info.js';
import { dataSyntheticCommand } from './data-synthetic.js';

/** `layerwise data`: images and rows to train on. */
export function dataCommand(io: Io): Command {
  return new Command('data')
    .description('download CIFAR-10, draw a stand-in for it, or say what a folder or file holds')
    .addCommand(dataDownloadCommand(io))
    .addCommand(dataSyntheticCommand(io))
    .addCommand(dataInfoCommand(io));
}
