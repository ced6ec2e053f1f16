export { bar } from './bar.js';
export { type Column, columnsOf, widthOf } from './columns.js';
export { didYouMean, nearest } from './nearest.js';
export { type Curve, hasBraille, type PlotOptions, plot } from './plot.js';
export { duration, ProgressBar, type Terminal } from './progress-bar.js';
export { shellWord } from './shell.js';
export { hasColors, type Style, styleOf } from './style.js';
export { wrap } from './wrap.js';
