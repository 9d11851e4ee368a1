// The browser's side of v4: also what v5 has under the same name.
import type { Session } from 'next-auth';
import { SessionProvider, getCsrfToken, getProviders, getSession, signIn, signOut, useSession } from 'next-auth/react';
import { useEffect } from 'react';

export function App({ children, session }: { children: React.ReactNode; session: Session | null }) {
  return <SessionProvider session={session} refetchInterval={60} refetchOnWindowFocus={false} refetchWhenOffline={false} basePath="/auth">{children}</SessionProvider>;
}

export function Name() {
  const { data, status, update } = useSession();
  useEffect(() => {
    if (status === 'authenticated') void update({ name: data.user?.name?.toUpperCase() });
  }, [status]);
  if (status === 'loading') return <p>...</p>;
  if (status === 'unauthenticated') return <button onClick={() => signIn('company', { callbackUrl: '/' })}>sign in</button>;
  return <button onClick={() => signOut({ callbackUrl: '/' })}>{data?.user?.email}</button>;
}

export function Required() {
  const session = useSession({ required: true, onUnauthenticated() { location.href = '/login'; } });
  if (session.status === 'loading') return null;
  const expires: string = session.data.expires;
  return <p>{expires}</p>;
}

export async function functions() {
  const answer = await signIn('credentials', { redirect: false, name: 'a', password: 'b' });
  if (answer?.error || !answer?.ok) return answer?.status;
  const providers = await getProviders();
  const session = await getSession();
  const csrf: string | undefined = await getCsrfToken();
  return [Object.values(providers ?? {}).map((p) => p.name), session?.user?.name, csrf, (await signOut({ redirect: false })).url];
}
