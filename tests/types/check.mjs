// Programs as one writes them for the originals, compiled against the originals' types and against ours:
// what compiled before the move must compile after it. Ours come by the entries of the package.
//
//   node tests/types/check.mjs [NAME...]
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const ts = require('typescript');

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const ours = path.join(root, 'hosts/node');
const modules = path.join(root, 'tests/node_modules');
const five = path.join(root, 'bench/node_modules/next-auth');
const { exports } = JSON.parse(fs.readFileSync(path.join(ours, 'package.json'), 'utf8'));

/** The types of our entries below `entry`, under the original's name. */
function entriesAs(name, entry) {
  const paths = {};
  for (const [key, { types }] of Object.entries(exports)) {
    if (types && (key === entry || key.startsWith(`${entry}/`))) paths[name + key.slice(entry.length)] = [path.join(ours, types)];
  }
  return paths;
}

const usher = entriesAs('usher', '.');
const providers = (folder) => ({ 'next-auth/providers/*': [path.join(folder, 'providers/*')] });
const v5 = { 'next-auth': [path.join(five, 'index.d.ts')], 'next-auth/jwt': [path.join(five, 'jwt.d.ts')], 'next-auth/react': [path.join(five, 'react.d.ts')], ...providers(five) };
const react = exports['./next-auth/react'] !== undefined;
const auth0 = exports['./auth0'] !== undefined;

// Program, its name, where its imports lead. Entries that are not there yet are not compared.
const CASES = [
  ['core.ts', 'usher', usher],
  ['runtime.ts', 'usher', usher],
  ['v4-pages.tsx', 'original', {}],
  ['v4-pages.tsx', 'usher', { ...entriesAs('next-auth', './next-auth'), ...providers(path.join(modules, 'next-auth')) }],
  ['v4-app.ts', 'original', {}],
  ['v4-app.ts', 'usher', entriesAs('next-auth', './next-auth')],
  ['v4-react.tsx', 'original', {}],
  ...(react ? [['v4-react.tsx', 'usher', entriesAs('next-auth', './next-auth')]] : []),
  ['v4-react.tsx', 'original of v5', v5],
  ['v4-react.tsx', 'usher/authjs', entriesAs('next-auth', './authjs')],
  ['v5.ts', 'original', v5],
  ['v5.ts', 'usher', { ...entriesAs('next-auth', './authjs'), ...providers(five) }],
  ['auth0.ts', 'original', {}],
  ...(auth0 ? [['auth0.ts', 'usher', { '@auth0/nextjs-auth0/server': usher['usher/auth0'] }]] : []),
  ['auth0-client.tsx', 'original', {}],
  ['auth0-client.tsx', 'usher', entriesAs('@auth0/nextjs-auth0', './auth0')],
];

const options = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  jsx: ts.JsxEmit.ReactJSX,
  strict: true,
  noEmit: true,
  esModuleInterop: true,
  skipLibCheck: true,
  types: ['node'],
  typeRoots: [path.join(modules, '@types')],
};
// What our declarations import is found among the tests' packages.
const shared = { react: [path.join(modules, '@types/react')], 'react/*': [path.join(modules, '@types/react/*')], next: [path.join(modules, 'next')], 'next/*': [path.join(modules, 'next/*')] };

// Files are read and parsed once for all programs.
const parsed = new Map();
const host = ts.createCompilerHost(options);
const { getSourceFile } = host;
host.getSourceFile = (name, ...rest) => {
  if (!parsed.has(name)) parsed.set(name, getSourceFile.call(host, name, ...rest));
  return parsed.get(name);
};

const wanted = process.argv.slice(2);
let [passed, failed] = [0, 0];
function compile(label, files, paths, more = {}) {
  const program = ts.createProgram(files, { ...options, ...more, paths: { ...shared, ...paths } }, host);
  // Other people's declarations are their affair.
  const wrong = ts.getPreEmitDiagnostics(program).filter(({ file }) => !file || !file.fileName.includes('/node_modules/'));
  if (wrong.length === 0) {
    passed += 1;
    console.log(`ok ${label}`);
    return;
  }
  failed += 1;
  console.log(`not ok ${label}`);
  console.log(ts.formatDiagnostics(wrong.slice(0, 30), { getCurrentDirectory: () => root, getCanonicalFileName: (name) => name, getNewLine: () => '\n' }));
}

if (wanted.length === 0) {
  const all = Object.values(exports).map(({ types }) => types).filter(Boolean);
  compile('our declarations', all.map((types) => path.join(ours, types)), {}, { skipLibCheck: false });
}
for (const [file, against, paths] of CASES) {
  if (wanted.length && !wanted.some((name) => file.startsWith(name))) continue;
  compile(`${file}, ${against}`, [path.join(here, file)], paths);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
