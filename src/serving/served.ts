import type { RowPreprocessing, Trained } from '../runs/index.js';
import type { Served } from './service.js';
import type { CsvReading } from './spec.js';

/** A trained model, as it is served. */
export function servedBy(trained: Trained): Served {
  const { config, classes, inputShape, preprocessing } = trained;
  const isRows = preprocessing.kind === 'rows';
  return {
    spec: {
      name: `${config.model.name}, trained on ${config.data.kind}`,
      inputShape,
      takes: isRows ? 'rows' : 'pictures',
      classes,
      outputs: classes ?? (isRows ? preprocessing.targets : []),
      csv: isRows ? readingOf(preprocessing) : null,
      preprocessing,
    },
    predict: (X) => trained.predict(trained.prepare(X)),
  };
}

/** How rows are read as those were that the model was trained on; none is left out, since each gets its answer. */
function readingOf({ inputs, categories, reading, standardize }: RowPreprocessing): CsvReading {
  const { header, delimiter, encode, missing } = reading as Omit<CsvReading, 'columns' | 'categories'>;
  // What is missing becomes the mean of the training rows, where there is one.
  const isFilled = (missing === 'nan' || missing === 'mean') && standardize !== null;
  return { columns: inputs, categories, header, delimiter, encode, missing: isFilled ? 'nan' : 'error' };
}
