import { test } from 'vitest';
import { mirrorFollows } from '../support/follow.js';
import { realModule } from './support.js';

test('a mirror that is only ever patched equals the document of the real core after random edits of two replicas', async () => {
  const { Core } = await realModule();
  const make = () => new Core({ url: null, persistence: 'memory' }, () => {});
  for (let seed = 1; seed <= 40; seed++) {
    const [mine, theirs] = [make(), make()];
    mirrorFollows(mine, theirs, seed, 40);
    mine.close();
    theirs.close();
  }
});
