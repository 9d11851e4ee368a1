'use client';

import { signIn, signOut, useSession } from 'usher/authjs/react';

export default function Profile() {
  const { data: session, status, update } = useSession();
  if (status !== 'authenticated') {
    return (
      <main>
        <h1>Profile</h1>
        <p id="status">{status}</p>
        <button id="sign-in" onClick={() => signIn('company')}>Sign in</button>
      </main>
    );
  }
  return (
    <main>
      <h1>Profile</h1>
      <p id="status">{status}</p>
      <p id="name">{session.user.name}</p>
      <p id="nickname">{session.user.nickname ?? 'none'}</p>
      <button id="rename" onClick={() => update({ nickname: 'Annie' })}>Call me Annie</button>
      <button id="sign-out" onClick={() => signOut({ redirectTo: '/' })}>Sign out</button>
    </main>
  );
}
