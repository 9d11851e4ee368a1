// The configured runtime.
import { configureAuthProxyRuntime, configureAuthRuntime, getServerSession, getToken } from 'usher/runtime';
import type { IncomingMessage } from 'node:http';

configureAuthRuntime({ providers: [] }, { basePath: '/api/auth', baseUrl: 'http://localhost:3000', cookieName: 'authjs.session-token', secret: 's', sessionStrategy: 'jwt' });
configureAuthProxyRuntime({ localBasePath: '/api/auth', baseUrl: 'https://auth.example.com', sessionStrategy: 'jwt', headers: { 'x-key': '1' }, onError: 'throw' });

export async function all(request: Request, req: IncomingMessage) {
  const sessions = [await getServerSession(), await getServerSession(request), await getServerSession(req), await getServerSession(request.headers), await getServerSession([['cookie', 'a=b']]), await getServerSession({ cookie: 'a=b' })];
  const raw: string | null = await getToken(request, { raw: true });
  return [sessions.map((s) => s?.user?.email), raw, (await getToken(request))?.sub];
}

// @ts-expect-error the strategy is one of two
configureAuthProxyRuntime({ localBasePath: '/', baseUrl: 'https://a.example', sessionStrategy: 'cookie' });
