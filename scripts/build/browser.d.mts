/** How esbuild makes an ES module for browsers. */
export declare const FOR_BROWSERS: {
  readonly bundle: true;
  readonly minify: true;
  readonly format: 'esm';
  readonly platform: 'browser';
  readonly target: string;
  readonly charset: 'utf8';
  readonly legalComments: 'none';
  readonly logLevel: 'warning';
  readonly metafile: true;
};
