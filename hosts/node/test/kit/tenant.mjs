// A tenant of the kind that Auth0's SDK talks to, on this machine: refresh tokens rotate, one that was used
// is refused, and every request is kept. Its name is localhost, for the SDK takes no address.
import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import http from 'node:http';

const b64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });

export class Tenant {
  asked = [];
  person = { sub: 'auth0|1', name: 'Ann', email: 'ann@example.com', favourite: 'blue', sid: 'SID1' };
  /** What the token endpoint says instead; for one request, or all of them. */
  refusal;
  delay = 0;
  valid = new Set(['rt0']);
  nonce;

  static async listening(t) {
    const tenant = new Tenant();
    const server = http.createServer((req, res) => tenant.#serve(req, res));
    await new Promise((done) => { server.listen(0, 'localhost', done); });
    t.after(() => { server.closeAllConnections(); server.close(); });
    tenant.issuer = `http://localhost:${server.address().port}/`;
    return tenant;
  }

  get refreshes() {
    return this.asked.filter(({ body }) => body.get('grant_type') === 'refresh_token');
  }

  #idToken() {
    const now = Math.floor(Date.now() / 1000);
    const text = `${b64({ alg: 'RS256', kid: 'k1', typ: 'JWT' })}.${b64({ iss: this.issuer, aud: 'app', iat: now, exp: now + 600, ...this.person, ...(this.nonce && { nonce: this.nonce }) })}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(keys.privateKey, 'base64url')}`;
  }

  #token(body) {
    if (this.refusal) return [this.refusal.status ?? 403, this.refusal.body];
    const refresh = body.get('grant_type') === 'refresh_token';
    if (refresh && !this.valid.delete(body.get('refresh_token'))) return [403, { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' }];
    const rotated = `rt-${randomBytes(4).toString('hex')}`;
    this.valid.add(rotated);
    return [200, { access_token: `at-${randomBytes(4).toString('hex')}`, token_type: 'Bearer', expires_in: 3600, refresh_token: rotated, id_token: this.#idToken(),
      scope: body.get('scope') ?? 'openid profile email offline_access' }];
  }

  async #serve(req, res) {
    const { pathname } = new URL(req.url, this.issuer);
    const parts = [];
    for await (const part of req) parts.push(part);
    const body = new URLSearchParams(Buffer.concat(parts).toString());
    this.asked.push({ pathname, body });
    const at = (path) => `${this.issuer}${path}`;
    const answers = {
      '/.well-known/openid-configuration': () => [200, { issuer: this.issuer, authorization_endpoint: at('authorize'), token_endpoint: at('oauth/token'), jwks_uri: at('keys'),
        end_session_endpoint: at('oidc/logout'), revocation_endpoint: at('oauth/revoke'), pushed_authorization_request_endpoint: at('oauth/par'), id_token_signing_alg_values_supported: ['RS256'], response_types_supported: ['code'],
        subject_types_supported: ['public'], code_challenge_methods_supported: ['S256'] }],
      '/keys': () => [200, { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }] }],
      '/oauth/token': () => this.#token(body),
      '/oauth/revoke': () => [200, {}],
      '/oauth/par': () => [201, { request_uri: `urn:par:${body.get('state')}`, expires_in: 60 }],
    };
    if (this.delay && pathname === '/oauth/token') await new Promise((done) => { setTimeout(done, this.delay); });
    const [status, answer] = answers[pathname]?.() ?? [404, {}];
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }
}
