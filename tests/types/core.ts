// usher itself: settings are checked by the types of the settings table.
import { createSite, info, SiteError, UsherError, type Session, type Settings, type SiteSettings } from 'usher';

const settings: SiteSettings = {
  profile: 'authjs-5',
  base_url: 'https://app.example.com',
  session: { max_age: '12h', absolute_duration: 604800, rolling: true, claims_max: '8KiB' },
  cookies: { secure: true, same_site: 'lax', session: { name: '__Secure-own' } },
  accept: [{ profile: 'nextauth-4', secret: 'old' }],
  open: ['/', '/docs/*'],
  providers: [{ id: 'company', issuer: 'https://id.example.com', client_id: 'app', client_auth: 'none', timeout: '500ms', checks: ['state'] }],
};
export const whole: Settings = { site: settings };

export async function all(request: Request, req: import('node:http').IncomingMessage, res: import('node:http').ServerResponse) {
  const site = createSite(settings, {
    env: process.env,
    hooks: { jwt: ({ token, user }) => ({ ...token, role: user?.role }), session: ({ session, token }) => ({ ...session, role: token.role }), signIn: async () => '/denied', authorize: ({ credentials, headers }) => (headers.cookie && credentials.password === 'x' ? { id: 7, name: null } : null) },
    onReport: (report) => console.warn(report.cause, report.what, report.id),
    onError: (error, hook) => console.error(hook, error),
    now: () => Date.now(),
  });
  const session: Session | null = await site.getSession(request);
  const raw: string | null = await site.getToken(req, { raw: true });
  const claims = await site.getToken([['cookie', 'a=b']]);
  const { verdict, setCookies } = await site.checkSession({ cookie: 'a=b' }, { readOnly: true });
  const guarded = await site.guard(request);
  const answer: Response = guarded.response ?? await site.handle(request);
  await site.nodeHandler()(req, res, (error) => console.error(error));
  const { written } = await site.updateSession(new Headers(), { role: 'admin' });
  const word: 'none' | 'valid' | 'expired' | 'rejected' | 'revoked' = verdict;
  return [session?.user?.name, session?.expires, raw, claims?.sub, word, setCookies, answer.status, written, site.mint({ claims: { sub: '1' } }), info().libcryptoInside];
}

export function problems(error: unknown): string[] {
  if (error instanceof SiteError) return error.problems.map((p) => `${p.line}:${p.column}: ${p.message}`);
  return error instanceof UsherError ? [error.code] : [];
}

// @ts-expect-error there is no such setting
createSite({ base_uri: 'https://app.example.com' });
// @ts-expect-error there is no such profile
createSite({ profile: 'next-auth-4' });
// @ts-expect-error a time has a unit of ours
createSite({ session: { max_age: '12 hours' } });
// @ts-expect-error a list is a list
createSite({ open: '/' });
// @ts-expect-error an accepted format has a profile
createSite({ accept: [{ secret: 'x' }] });
// @ts-expect-error files are for settings files
createSite({ secret_file: '/run/secret' });
// @ts-expect-error headers are no number
createSite(settings).getSession(5);
