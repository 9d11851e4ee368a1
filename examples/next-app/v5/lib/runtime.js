// Sessions without NextAuth's functions: read here, or asked of an application that holds the secret.
import { configureAuthProxyRuntime, configureAuthRuntime } from 'usher/runtime';
import { config } from './config.js';

const { AUTH_UPSTREAM: upstream, AUTH_SECRET: secret } = process.env;

// With neither, nothing is configured, and every call throws.
if (upstream) {
  configureAuthProxyRuntime({ localBasePath: '/api/auth', baseUrl: upstream, sessionStrategy: 'jwt' });
} else if (secret) {
  configureAuthRuntime({ ...config, secret, trustHost: true, basePath: '/api/auth' }, {
    basePath: '/api/auth',
    baseUrl: process.env.AUTH_URL ?? 'http://localhost:3000',
    cookieName: 'authjs.session-token',
    secret,
    sessionStrategy: config.adapter ? 'database' : 'jwt',
  });
}

export { getServerSession, getToken } from 'usher/runtime';
