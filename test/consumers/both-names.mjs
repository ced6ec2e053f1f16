// The library by both of its names and by `require`: one implementation, wherever a bundler or Node is at work.
import { Tensor } from 'layerwise';
import * as browser from 'layerwise/browser';
import required from './required.cjs';

if (browser.Tensor !== Tensor || required.Tensor !== Tensor) throw new Error('there are two classes Tensor');
if (!(browser.tensor([1, 2]).sum().item() === 3)) throw new Error('1 + 2 is not 3');
