export { fastest, type Measurement, measure, round } from './measure.js';
export { convolutionNotes, HEADER, megabytes, milliseconds, resultLine, tableLine } from './report.js';
export { type TrainingNet, trainingNets } from './training-nets.js';
export { convolutionMemory, imagesScored, part5Step, peakMemory, productFlops, workloads } from './workloads.js';
