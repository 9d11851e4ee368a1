// What package.json offers: entries for the server are below server/, which Next.js leaves out of its bundles
// (serverExternalPackages: ['usher/server']), and those for pages are not, for they must be in them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import test from 'node:test';

const root = new URL('..', import.meta.url);
const read = (file) => fs.readFileSync(new URL(file, root), 'utf8');
const { exports: entries } = JSON.parse(read('package.json'));
const require = createRequire(new URL('package.json', root));

for (const [name, targets] of Object.entries(entries)) {
  if (typeof targets === 'string') continue;
  const own = Object.entries(targets).filter(([condition]) => condition !== 'types');
  test(`usher${name.slice(1)}`, async () => {
    const forPages = own.some(([, file]) => /^'use client'/.test(read(file)));
    for (const [, file] of own) {
      assert.equal(file.startsWith('./server/'), !forPages, file);
      if (forPages) continue;
      const loaded = file.endsWith('.cjs') ? require(file) : await import(new URL(file, root));
      const [, behind] = /(?:from|require\()\s*'([^']+)'/.exec(read(file));
      const original = new URL(behind, new URL(file, root));
      const expected = file.endsWith('.cjs') ? require(original.pathname) : await import(original);
      assert.deepEqual(Object.keys(loaded), Object.keys(expected), file);
    }
  });
}
