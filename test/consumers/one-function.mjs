// A page that needs one function, which touches no kernel: a bundler for browsers leaves the rest out.
import { array, relError } from 'layerwise';

if (!(relError(array([1, 2]), array([1, 2])) === 0)) throw new Error('an array differs from itself');
