import assert from 'node:assert/strict';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { cookieFor, SECRET, siteOf } from './kit/kit.mjs';

const COUNT = Number(process.env.USHER_TEST_WORKERS ?? (process.env.USHER_TEST_ASAN === '1' ? 24 : 200));

const code = `
import { parentPort, workerData } from 'node:worker_threads';
import { createSite } from ${JSON.stringify(new URL('../index.mjs', import.meta.url).href)};
const site = createSite(workerData.settings, { env: null });
for (let i = 0; i < 20; i += 1) parentPort.postMessage((await site.getSession({ cookie: workerData.cookie })).user.name);
if (workerData.leave) process.exit(0);
`;

function run(settings, cookie, leave) {
  return new Promise((done, failed) => {
    const names = [];
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData: { settings, cookie, leave } });
    worker.on('message', (name) => names.push(name));
    worker.on('error', failed);
    worker.on('exit', () => done(names));
  });
}

test(`${COUNT} workers start, read sessions and stop`, async () => {
  const site = siteOf();
  const cookie = cookieFor(site);
  const settings = { profile: 'authjs-5', base_url: 'http://localhost:3000', secret: SECRET };
  for (let i = 0; i < COUNT; i += 4) {
    const all = await Promise.all([0, 1, 2, 3].map((k) => run(settings, cookie, k === 3)));
    for (const names of all.slice(0, 3)) assert.deepEqual(names, Array(20).fill('Ann'));
  }
  assert.equal((await site.getSession({ cookie })).user.name, 'Ann');
});
