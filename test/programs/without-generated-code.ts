// Trains nets where Node may compile no code from strings, and prints their bits.

import { trainedDigests } from '../helpers/trained-digests.js';

let allowed = true;
try {
  new Function('')();
} catch {
  allowed = false;
}
console.log(JSON.stringify({ allowed, digests: trainedDigests() }));
