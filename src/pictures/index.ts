export { type BarChartOptions, type BarSeries, barChart } from './bar-chart.js';
export { type VisualizeGridOptions, visualizeGrid } from './grid.js';
export { type HeatMapOptions, heatMap } from './heat-map.js';
export { type ImageGridOptions, imageGrid } from './image-grid.js';
export { type LineChartOptions, type LineSeries, lineChart } from './line-chart.js';
export { encodePng, savePng } from './png.js';
