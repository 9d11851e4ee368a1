'use strict';

// Variables of the environment. Asking the system for one takes as long as reading a cookie, and a check
// asks for several: in production an answer counts for a second. Elsewhere, and so in tests, each is asked anew.

const LASTS_MS = 1000;

const { env } = process;
const keeps = env.NODE_ENV === 'production';
let known = new Map();

function forget() {
  known = new Map();
}

function variable(name) {
  if (!keeps) return env[name];
  let value = known.get(name);
  if (value !== undefined || known.has(name)) return value;
  if (known.size === 0) setTimeout(forget, LASTS_MS).unref();
  value = env[name];
  known.set(name, value);
  return value;
}

const isDevelopment = () => variable('NODE_ENV') !== 'production';

/**
 * Whether a proxy in front of us writes the host: what the first of these variables says that is there. To the originals
 * any text is a yes; whoever writes "false" did not mean one.
 */
function hostIsTrusted(...names) {
  for (const name of names) {
    const said = variable(name);
    if (said !== undefined) return !/^(|0|false)$/i.test(said);
  }
  return undefined;
}

module.exports = { hostIsTrusted, isDevelopment, variable };
