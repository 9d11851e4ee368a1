'use strict';

// What `usher doctor` looks at. Each check is { name, state: ok | note | bad, text, hint }: a note works,
// but is slower, weaker or not what was meant; with a bad one usher does not work. No secret is shown.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const NODE_MIN = 20;
const NEXT_MIN = 14;
const LOCKED_MIN = 1 << 20; // a site's keys take a few pages; this is room for all that one process may have

const PROFILES = ['nextauth-4', 'authjs-5', 'auth0-4'];
const SECRETS = { 'nextauth-4': 'NEXTAUTH_SECRET', 'authjs-5': 'AUTH_SECRET', 'auth0-4': 'AUTH0_SECRET' };
const BASES = { 'nextauth-4': 'NEXTAUTH_URL', 'authjs-5': 'AUTH_URL', 'auth0-4': 'APP_BASE_URL' };

const check = (state, name, text, hint) => ({ name, state, text, ...(hint && { hint }) });

function textOf(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function nodeCheck(version = process.versions.node) {
  const fine = Number(version.split('.')[0]) >= NODE_MIN;
  return check(fine ? 'ok' : 'bad', 'Node.js', version, fine ? undefined : `usher needs Node.js ${NODE_MIN} or later`);
}

// ---- the addon -----------------------------------------------------------------------------------

function addonChecks() {
  let info;
  try {
    info = require('./native.cjs').info();
  } catch (error) {
    return [check('bad', 'addon', error.message.split('\n')[0], 'npm rebuild usher says what is missing; npm may have to be allowed to run install scripts')];
  }
  const where = info.libcryptoInside ? 'inside the addon' : `of the system (${info.libcryptoFile ?? 'unknown file'})`;
  const mixed = !info.libcryptoInside && /(^|\/)node$/.test(info.libcryptoFile ?? '');
  return [
    check('ok', 'addon', `usher ${info.version}, ${info.addonFile ?? 'unknown file'}`),
    check(mixed ? 'bad' : 'ok', 'libcrypto', `${info.libcrypto}, ${where}`, mixed ? 'the addon got Node\'s own OpenSSL: use the build that has libcrypto inside' : undefined),
    check('ok', 'Node\'s OpenSSL', `${info.nodeOpenssl}; usher does not use it`),
  ];
}

// ---- the machine ---------------------------------------------------------------------------------

/** `cpuinfo`: the text of /proc/cpuinfo. */
function processorChecks(cpuinfo = textOf('/proc/cpuinfo') ?? '', arch = process.arch) {
  const flags = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1].trim().split(/\s+/));
  const wanted = arch === 'x64' ? [['avx2', 'AVX2', 'base64url takes three times as long'], ['aes', 'AES-NI', 'AES is several times slower'],
    ['pclmulqdq', 'PCLMULQDQ', 'A256GCM is several times slower']] : [['aes', 'AES', 'AES is several times slower']];
  if (flags.size === 0) return [check('note', 'processor', `${arch}; this system does not tell what it can`)];
  const missing = wanted.filter(([flag]) => !flags.has(flag));
  const names = wanted.filter(([flag]) => flags.has(flag)).map(([, name]) => name).join(', ');
  return [check(missing.length ? 'note' : 'ok', 'processor', `${arch} with ${names || 'nothing that helps'}`,
    missing.map(([, name, cost]) => `without ${name}, ${cost}`).join('; '))];
}

/** `limits`: the text of /proc/self/limits. */
function memoryChecks(limits = textOf('/proc/self/limits') ?? '') {
  const [, soft] = /^Max locked memory\s+(\S+)/m.exec(limits) ?? [];
  if (!soft) return [check('note', 'locked memory', 'this system does not tell its limit')];
  const fine = soft === 'unlimited' || Number(soft) >= LOCKED_MIN;
  return [check(fine ? 'ok' : 'note', 'locked memory', soft === 'unlimited' ? soft : `up to ${Math.floor(Number(soft) / 1024)} KiB`,
    fine ? undefined : 'keys may be written to swap: raise RLIMIT_MEMLOCK (ulimit -l, or LimitMEMLOCK= of systemd)')];
}

// ---- settings ------------------------------------------------------------------------------------

function profileOf(env) {
  return PROFILES.find((profile) => env[SECRETS[profile]] || env[BASES[profile]]);
}

/** Would a site of nothing but the environment work? */
function settingsChecks(env, wanted) {
  const profile = wanted ?? profileOf(env);
  if (profile === undefined) {
    return [check('note', 'environment', 'no variable of a system is set', `set ${Object.values(SECRETS).join(', ')} or name the system: --profile ${PROFILES[1]}`)];
  }
  if (!PROFILES.includes(profile)) return [check('bad', 'environment', `there is no profile '${profile}'`, `one of ${PROFILES.join(', ')}`)];
  const development = env.NODE_ENV !== 'production';
  const base = env[BASES[profile]];
  const checks = [];
  if (!base) checks.push(check('note', 'environment', `${BASES[profile]} is not set`, 'the host comes from each request then, and has to be trusted'));
  try {
    const { createSite } = require('./site.cjs');
    const settings = { profile, development, ...(!base && { base_url: 'http://localhost:3000' }) };
    const site = createSite(settings, { env });
    checks.unshift(check('ok', 'environment', `${profile} at ${site.baseUrl}${site.basePath}: usable${development ? ' (development)' : ''}`));
    for (const { message } of site.warnings) checks.push(check('note', 'environment', message));
  } catch (error) {
    const problems = error.problems ?? [{ message: error.message }];
    for (const { message, warning } of problems) checks.push(check(warning ? 'note' : 'bad', 'environment', message));
  }
  return checks;
}

// ---- Next.js -------------------------------------------------------------------------------------

function nextChecks(folder) {
  let version;
  try {
    version = JSON.parse(textOf(require.resolve('next/package.json', { paths: [folder] }))).version;
  } catch {
    return [check('ok', 'Next.js', 'is not installed here; usher works without it')];
  }
  const major = Number(version.split('.')[0]);
  const checks = [check(major >= NEXT_MIN ? 'ok' : 'bad', 'Next.js', version, major >= NEXT_MIN ? undefined : `usher needs Next.js ${NEXT_MIN} or later`)];
  const name = ['js', 'mjs', 'cjs', 'ts', 'mts'].map((end) => `next.config.${end}`).find((file) => fs.existsSync(path.join(folder, file)));
  const setting = major >= 15 ? 'serverExternalPackages' : 'experimental.serverComponentsExternalPackages';
  const config = name && textOf(path.join(folder, name));
  const said = config && config.includes(setting.split('.').pop()) && /['"`]usher\/server['"`]/.test(config);
  checks.push(check(said ? 'ok' : 'note', 'bundling', said ? `${name} leaves usher/server out` : `${name ?? 'no next.config.js'} does not name usher/server`,
    said ? undefined : `put ${setting}: ['usher/server'] into it: a native addon cannot be bundled, and what runs in pages has to be`));
  return checks;
}

/** Everything, in the order in which it matters. */
function doctor({ folder, env, profile }) {
  const addon = addonChecks();
  const works = addon[0].state === 'ok';
  return [
    nodeCheck(), ...addon, check('ok', 'system', `${os.type()} ${os.release()}, ${process.arch}`), ...processorChecks(), ...memoryChecks(),
    ...(works ? settingsChecks(env, profile) : []), ...nextChecks(folder),
  ];
}

module.exports = { doctor, memoryChecks, nodeCheck, processorChecks };
