'use client';

import { getAccessToken, useUser } from 'usher/auth0/client';
import { useState } from 'react';

export default function Profile() {
  const { user, isLoading } = useUser();
  const [token, setToken] = useState('none');
  if (!user) {
    return (
      <main>
        <h1>Profile</h1>
        <p id="status">{isLoading ? 'loading' : 'nobody'}</p>
        <a id="sign-in" href="/auth/login?returnTo=/profile">Sign in</a>
      </main>
    );
  }
  return (
    <main>
      <h1>Profile</h1>
      <p id="status">somebody</p>
      <p id="name">{user.name}</p>
      <p id="token">{token}</p>
      <button id="ask" onClick={async () => setToken(`${(await getAccessToken()).length} characters`)}>Access token</button>
      <a id="sign-out" href="/auth/logout">Sign out</a>
    </main>
  );
}
