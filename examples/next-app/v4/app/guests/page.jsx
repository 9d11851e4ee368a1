'use client';

import { useSession } from 'usher/next-auth/react';
import { useState } from 'react';

/** Whoever is not signed in stays here, and is told so. */
export default function Guests() {
  const [told, setTold] = useState('nothing');
  const { data: session } = useSession({ required: true, onUnauthenticated: () => setTold('sign in first') });
  return (
    <main>
      <h1>Guests</h1>
      <p id="told">{told}</p>
      <p id="who">{session?.user.email}</p>
    </main>
  );
}
