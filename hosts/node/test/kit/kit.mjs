// What the tests share: a site, cookies, a provider that answers fetch.
import { createSign, generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import { createSite } from '../../index.mjs';

export const SECRET = 'tests-only-0fX3kq9ZtR7mW2vB8yN5cJ1h';
export const BASE = 'http://localhost:3000';

export function siteOf(settings = {}, options = {}) {
  return createSite({ profile: 'authjs-5', base_url: BASE, secret: SECRET, ...settings }, { env: null, ...options });
}

export const NAMES = { 'authjs-5': 'authjs.session-token', 'nextauth-4': 'next-auth.session-token' };

export function cookieFor(site, claims = { sub: '42', name: 'Ann', email: 'ann@example.com' }, maxAge) {
  return `${NAMES[site.profile]}=${site.mint({ claims, maxAge })}`;
}

/** What Next.js' pages router gives to a handler to answer with, kept to be looked at. */
export class PagesResponse {
  statusCode = 200;
  headers = {};
  getHeader(name) { return this.headers[name.toLowerCase()]; }
  setHeader(name, value) { this.headers[name.toLowerCase()] = value; return this; }
  removeHeader(name) { delete this.headers[name.toLowerCase()]; }
  status(code) { this.statusCode = code; return this; }
  json(body) { return this.setHeader('Content-Type', 'application/json').end(JSON.stringify(body)); }
  send(body) { return typeof body === 'object' ? this.json(body) : this.end(body); }
  end(body) { this.body = body === undefined ? '' : String(body); return this; }
  redirect(url) { this.statusCode = 302; return this.setHeader('Location', url).end(); }
}

/** The browser's jar: Set-Cookie lines in, a Cookie header out. */
export class Jar {
  #cookies = new Map();

  take(setCookies) {
    for (const line of setCookies) {
      const [pair] = line.split(';', 1);
      const at = pair.indexOf('=');
      const gone = /; *max-age=0|expires=thu, 01 jan 1970/i.test(line) || pair.length === at + 1;
      if (gone) this.#cookies.delete(pair.slice(0, at));
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return this;
  }

  get header() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  has(name) {
    return this.#cookies.has(name);
  }
}

const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** An OpenID provider behind fetch. `nonce` is what the ID token will say. */
export class Provider {
  issuer = 'https://id.example.com';
  asked = [];
  nonce;
  #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });

  /** The same behind plain http on this machine, for packages that bring a fetch of their own. */
  static async listening(t) {
    const provider = new Provider();
    const server = http.createServer(async (req, res) => {
      const answer = await provider.fetch(new URL(req.url, provider.issuer).href, { method: req.method });
      res.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    });
    await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
    t.after(() => { server.closeAllConnections(); server.close(); });
    provider.issuer = `http://127.0.0.1:${server.address().port}`;
    return provider;
  }

  #idToken() {
    const now = Math.floor(Date.now() / 1000);
    const head = b64({ alg: 'RS256', kid: 'k1', typ: 'JWT' });
    const body = b64({ iss: this.issuer, aud: 'app', sub: 'u1', name: 'Ann', email: 'ann@example.com', iat: now, exp: now + 60, ...(this.nonce && { nonce: this.nonce }) });
    return `${head}.${body}.${createSign('RSA-SHA256').update(`${head}.${body}`).sign(this.#keys.privateKey, 'base64url')}`;
  }

  #answer(path) {
    if (path === '/.well-known/openid-configuration') {
      return { issuer: this.issuer, authorization_endpoint: `${this.issuer}/authorize`, token_endpoint: `${this.issuer}/token`, userinfo_endpoint: `${this.issuer}/userinfo`, jwks_uri: `${this.issuer}/keys`, id_token_signing_alg_values_supported: ['RS256'], response_types_supported: ['code'], subject_types_supported: ['public'], code_challenge_methods_supported: ['S256'] };
    }
    if (path === '/token') return { access_token: 'at', token_type: 'Bearer', expires_in: 60, id_token: this.#idToken() };
    if (path === '/keys') return { keys: [{ ...this.#keys.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }] };
    return null;
  }

  fetch = async (url, init) => {
    this.asked.push({ url, ...init });
    const answer = this.#answer(new URL(url).pathname);
    return answer ? Response.json(answer) : new Response('no', { status: 404 });
  };

  settings = { providers: [{ id: 'company', name: 'Company', issuer: this.issuer, client_id: 'app', client_secret: 'company-client-secret-0123456789' }] };
}
