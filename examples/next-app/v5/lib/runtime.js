// Sessions without NextAuth's functions: read here, or asked of an application that holds the secret.
import { configureAuthProxyRuntime, configureAuthRuntime } from 'usher/runtime';
import { config } from './config.js';

const upstream = process.env.AUTH_UPSTREAM;

if (upstream) {
  configureAuthProxyRuntime({ localBasePath: '/api/auth', baseUrl: upstream, sessionStrategy: 'jwt' });
} else {
  configureAuthRuntime(config, {
    basePath: '/api/auth',
    baseUrl: process.env.AUTH_URL ?? 'http://localhost:3000',
    cookieName: 'authjs.session-token',
    secret: process.env.AUTH_SECRET ?? '',
    sessionStrategy: 'jwt',
  });
}

export { getServerSession, getToken } from 'usher/runtime';
