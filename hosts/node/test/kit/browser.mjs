// Chromium, a page with a client of either package in it, and servers of either package behind it.
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fromTests = createRequire(new URL('../../../../tests/package.json', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
const packageDir = fileURLToPath(new URL('../..', import.meta.url));
const reactDir = fromTests.resolve('react/package.json').replace(/\/react\/package\.json$/, '');

function built(config) {
  const bundler = fromTests('next/dist/compiled/webpack/webpack.js');
  bundler.init();
  const { alias, ...rest } = config;
  const whole = {
    mode: 'development',
    devtool: false,
    target: 'web',
    resolve: { alias: { ...alias, react: join(reactDir, 'react'), 'react-dom': join(reactDir, 'react-dom') } },
    plugins: [new bundler.webpack.DefinePlugin({ 'process.env': '({})' })],
    ...rest,
  };
  return new Promise((done, fail) => {
    bundler.webpack(whole, (error, stats) => {
      if (error) fail(error);
      else if (stats.hasErrors()) fail(new Error(stats.toString({ all: false, errors: true, warnings: true })));
      else done({ file: join(whole.output.path, whole.output.filename), warnings: stats.compilation.warnings.map(String) });
    });
  });
}

/** One script with the page and `client` (a file), by the bundler that Next.js brings. */
export const bundle = (client, out, page = 'page.mjs') => built({ entry: join(here, page), alias: { client }, output: { path: out, filename: 'page.js' } });

/** A package of CommonJS as a module that a browser can import: react, and react-dom on top of it. */
export async function moduleOf(name, out) {
  const names = Object.keys(fromTests(name)).filter((key) => /^\w+$/.test(key));
  if (name !== 'react') {
    const inner = await built({ entry: fromTests.resolve(name), externals: { react: 'module react' }, experiments: { outputModule: true }, output: { path: out, filename: 'm.mjs', library: { type: 'module' } } });
    return readFile(inner.file);
  }
  const { file } = await built({ entry: fromTests.resolve(name), output: { path: out, filename: 'm.js', library: { type: 'var', name: 'whole' } } });
  return `${await readFile(file)}\nexport const { ${names.join(', ')} } = whole;\nexport default whole;`;
}

export const pageOf = (script) => `<!doctype html><html lang="en"><title>page</title><div id="app"></div>${script}</html>`;

/** Serves `/` and the package's files; what is below `at` goes to `auth(req, res)`. */
export async function serve(t, { script, auth, files = {}, at = '/api/auth' }) {
  const types = { html: 'text/html', js: 'text/javascript', mjs: 'text/javascript' };
  const send = (res, type, body) => res.writeHead(200, { 'content-type': types[type] }).end(body);
  const server = http.createServer(async (req, res) => {
    const { pathname } = new URL(req.url, 'http://localhost');
    try {
      if (pathname.startsWith('/elsewhere/')) req.url = req.url.replace('/elsewhere', '/api');
      if (req.url.startsWith(at)) await auth(req, res);
      else if (pathname === '/page.js') send(res, 'js', await readFile(script));
      else if (Object.hasOwn(files, pathname)) send(res, pathname.split('.').at(-1), files[pathname]);
      else if (pathname.startsWith('/usher/')) send(res, 'mjs', await readFile(join(packageDir, pathname.slice('/usher/'.length))));
      else send(res, 'html', files.html ?? pageOf('<script src="/page.js"></script>'));
    } catch (error) {
      res.writeHead(500).end(String(error.stack));
    }
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  t.after(() => { server.closeAllConnections(); server.close(); });
  return `http://localhost:${server.address().port}`;
}

export async function textOf(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** As Next.js' pages router calls a handler: query, cookies and body are read already. */
export function pagesRouter(handler) {
  return async (req, res) => {
    const url = new URL(req.url, 'http://localhost');
    const body = await textOf(req);
    const isJson = String(req.headers['content-type']).includes('json');
    const pairs = (req.headers.cookie ?? '').split('; ').filter(Boolean).map((pair) => [pair.slice(0, pair.indexOf('=')), decodeURIComponent(pair.slice(pair.indexOf('=') + 1))]);
    req.headers['x-forwarded-proto'] = 'http';
    Object.assign(req, {
      query: { ...Object.fromEntries(url.searchParams), nextauth: url.pathname.split('/').slice(3) },
      cookies: Object.fromEntries(pairs),
      body: body && (isJson ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body))),
    });
    Object.assign(res, {
      status(code) { res.statusCode = code; return res; },
      json(value) { res.setHeader('Content-Type', 'application/json'); res.end(JSON.stringify(value)); return res; },
      send(value) { if (typeof value === 'object') res.json(value); else res.end(value); return res; },
      redirect(to) { res.statusCode = 302; res.setHeader('Location', to); res.end(); return res; },
    });
    await handler(req, res);
  };
}

/** As the app router does: `handle(Request) -> Response`. */
export function appRouter(handle, NextRequest = Request) {
  return async (req, res) => {
    const body = await textOf(req);
    const headers = new Headers(Object.entries({ ...req.headers, 'x-forwarded-proto': 'http' }));
    const request = new NextRequest(`http://${req.headers.host}${req.url}`, { method: req.method, headers, ...(body && { body }) });
    const answer = await handle(request);
    res.statusCode = answer.status;
    for (const [name, value] of answer.headers) if (name !== 'set-cookie') res.setHeader(name, value);
    const cookies = answer.headers.getSetCookie();
    if (cookies.length) res.setHeader('set-cookie', cookies);
    res.end(Buffer.from(await answer.arrayBuffer()));
  };
}

const SWITCHES = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-proxy-server', '--disable-dev-shm-usage'];

export async function chromium(t) {
  const playwright = fromTests('playwright-core');
  const home = mkdtempSync(join(tmpdir(), 'usher-chromium-'));
  const browser = await playwright.chromium.launch({ executablePath: process.env.USHER_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: SWITCHES, env: { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8' } });
  t.after(async () => {
    await browser.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });
  return browser;
}

const HEADERS = ['content-type', 'x-auth-return-redirect'];

/** What a page asks of its server, one line each; secrets and ports are masked. */
export function record(page, origin) {
  const lines = Object.assign([], { open: 0 });
  const mask = (text) => text.replaceAll(origin, 'ORIGIN').replaceAll(encodeURIComponent(origin), 'ORIGIN')
    .replace(/[0-9a-f]{64}/g, 'CSRF').replace(/\b(state|nonce|code_challenge)=[\w.-]+/g, '$1=X').replace(/127\.0\.0\.1(:|%3A)\d+/g, 'PROVIDER');
  let first = true;
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, () => { lines.open -= 1; });
  page.on('request', (request) => {
    lines.open += 1;
    const url = request.url();
    const isFirst = first;
    first = false;
    if (isFirst || /\/(page\.js|favicon\.ico|usher\/.*|react.*\.mjs)$/.test(new URL(url).pathname)) return;
    const headers = HEADERS.filter((name) => request.headers()[name]).map((name) => `${name}: ${request.headers()[name]}`);
    lines.push(mask([`${request.method()} ${url}`, ...(request.isNavigationRequest() ? ['(page)'] : headers), ...(request.postData() ? [request.postData()] : [])].join(' | ')));
  });
  return lines;
}
