#!/usr/bin/env node
'use strict';

const { parseArgs } = require('node:util');
const { doctor } = require('../lib/doctor.cjs');

const HELP = `usage: usher doctor [--profile NAME] [--dotenv FILE] [--json]

Says whether usher can work here, and with what: Node, the addon and its libcrypto, the processor, locked
memory, the variables of the environment, Next.js. The exit status is 0 if it can, 1 if something is in
the way, 2 if the command line is wrong.

  --profile NAME    nextauth-4, authjs-5 or auth0-4; by default the one whose variables are set
  --dotenv FILE     reads variables of this file too, as Next.js does (.env.local)
  --json            the same for programs
`;

function parse(argv) {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        profile: { type: 'string' }, dotenv: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help || (positionals[0] === 'help' && positionals.length === 1)) return { help: true };
    if (positionals.length === 1 && positionals[0] === 'doctor') return values;
    return { problem: positionals.length === 0 ? 'what should be done?' : `there is no command '${positionals.join(' ')}'` };
  } catch (error) {
    return { problem: error.message };
  }
}

function main() {
  const options = parse(process.argv.slice(2));
  if (options.help) process.stdout.write(HELP);
  if (options.problem) process.stderr.write(`usher: ${options.problem}\n${HELP}`);
  if (options.help || options.problem) return options.help ? 0 : 2;
  try {
    if (options.dotenv) process.loadEnvFile(options.dotenv);
  } catch (error) {
    process.stderr.write(`usher: ${options.dotenv}: ${error.message}\n`);
    return 2;
  }
  const checks = doctor({ profile: options.profile, folder: process.cwd(), env: process.env });
  if (options.json) {
    process.stdout.write(`${JSON.stringify(checks, null, 2)}\n`);
  } else {
    for (const { state, name, text, hint } of checks) {
      process.stdout.write(`${{ ok: '  ok  ', note: ' note ', bad: '  BAD ' }[state]} ${name.padEnd(16)} ${text}\n`);
      if (hint) process.stdout.write(`${' '.repeat(24)}${hint}\n`);
    }
  }
  return checks.some(({ state }) => state === 'bad') ? 1 : 0;
}

process.exitCode = main();
