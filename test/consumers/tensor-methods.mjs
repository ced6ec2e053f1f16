// A page that takes nothing but F: the tensors that it returns have their methods all the same.
import { F } from 'layerwise';

const label = F.oneHot([2], 3);
if (!(label.mul(2).sum().item() === 2 && label.T.shape[0] === 3)) throw new Error('a method of tensors is wrong');
