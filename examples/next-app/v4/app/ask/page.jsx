'use client';

import { getCsrfToken, getProviders, getSession, signIn, signOut } from 'usher/next-auth/react';
import { useState } from 'react';

/** The calls without a provider of React. */
export default function Ask() {
  const [said, setSaid] = useState('');
  const show = (ask) => async () => setSaid(JSON.stringify(await ask()));
  const all = async () => ({
    session: await getSession(),
    csrf: (await getCsrfToken()).length,
    providers: Object.keys(await getProviders()),
  });
  return (
    <main>
      <h1>Ask</h1>
      <button id="all" onClick={show(all)}>Session, CSRF token, providers</button>
      <button id="leave" onClick={show(() => signOut({ redirect: false, callbackUrl: '/plain' }))}>Sign out, and stay here</button>
      <button id="enter" onClick={() => signIn('company', { callbackUrl: '/ask' }, { prompt: 'login' })}>Sign in again</button>
      <button id="nobody" onClick={show(() => signIn('nobody', { redirect: false }))}>Sign in with a provider that is not there</button>
      <p id="said">{said}</p>
    </main>
  );
}
