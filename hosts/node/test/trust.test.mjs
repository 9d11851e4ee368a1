// Who may say where a site is: headers of a request only where somebody said that a proxy writes them, and "false" is
// no such word.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Auth0Client } from '../auth0/index.mjs';
import AuthJs from '../authjs/index.mjs';
import NextAuth from '../next-auth/index.mjs';
import { Provider, SECRET as secret } from './kit/kit.mjs';

for (const name of ['AUTH_URL', 'NEXTAUTH_URL', 'APP_BASE_URL', 'AUTH_TRUST_HOST', 'VERCEL', 'CF_PAGES']) delete process.env[name];

const quiet = { error() {}, warn() {}, debug() {} };
const { settings: { providers: [company] } } = new Provider();
const provider = { id: 'company', name: 'Company', issuer: company.issuer, wellKnown: `${company.issuer}/.well-known/openid-configuration`, idToken: true,
  clientId: company.client_id, clientSecret: company.client_secret };
const headers = { host: 'elsewhere.example', 'x-forwarded-host': 'elsewhere.example', 'x-forwarded-proto': 'https' };

/** Where each system thinks that it is; undefined if it does not answer. */
const places = {
  async v4() {
    const handler = NextAuth({ secret, logger: quiet, providers: [{ ...provider, type: 'oauth' }] });
    const answer = await handler(new Request('http://localhost:3000/api/auth/providers', { headers }), { params: { nextauth: ['providers'] } });
    return (await answer.json()).company?.signinUrl;
  },
  async v5() {
    const { handlers } = AuthJs({ secret, logger: quiet, providers: [{ ...provider, type: 'oidc' }] });
    const answer = await handlers.GET(new Request('https://elsewhere.example/api/auth/providers', { headers }));
    return (await answer.json()).company?.signinUrl;
  },
  async auth0() {
    const { NODE_ENV } = process.env;
    process.env.NODE_ENV = 'production'; // in development any host will do
    const client = new Auth0Client({ domain: 'tenant.example', clientId: 'c', clientSecret: 's', secret, customFetch: () => Response.json({}, { status: 404 }) });
    try {
      return (await client.middleware(new Request('https://elsewhere.example/auth/login', { headers }))) && 'https://elsewhere.example';
    } catch (error) {
      assert.equal(error.code, 'invalid_configuration');
      return undefined;
    } finally {
      if (NODE_ENV === undefined) delete process.env.NODE_ENV;
      else process.env.NODE_ENV = NODE_ENV;
    }
  },
};

for (const [system, ask] of Object.entries(places)) {
  test(`${system}: AUTH_TRUST_HOST`, async (t) => {
    t.after(() => { delete process.env.AUTH_TRUST_HOST; });
    for (const [said, trusts] of [['true', true], ['1', true], ['false', false], ['FALSE', false], ['0', false], ['', false]]) {
      process.env.AUTH_TRUST_HOST = said;
      assert.equal((await ask())?.startsWith('https://elsewhere.example') ?? false, trusts, said);
    }
  });
}
