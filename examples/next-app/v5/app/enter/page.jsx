'use client';

import { getProviders, signIn } from 'usher/authjs/react';
import { useEffect, useState } from 'react';

/** A sign-in page of your own: `pages: { signIn: '/enter' }`. */
export default function Enter() {
  const [providers, setProviders] = useState({});
  useEffect(() => { getProviders().then(setProviders); }, []);
  return (
    <main>
      <h1>Enter</h1>
      {Object.values(providers).map(({ id, name }) => (
        <button key={id} id={id} onClick={() => signIn(id, { redirectTo: '/dashboard' })}>With {name}</button>
      ))}
    </main>
  );
}
