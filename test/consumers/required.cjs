// What a package that is CommonJS takes of the library, in the same program.
exports.Tensor = require('layerwise').Tensor;
