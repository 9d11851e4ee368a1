'use client';

import { useSession } from 'usher/next-auth/react';

/** Whoever is not signed in is led to the sign-in page. */
export default function Members() {
  const { data: session, status } = useSession({ required: true });
  return (
    <main>
      <h1>Members</h1>
      <p id="status">{status}</p>
      <p id="who">{session?.user.email}</p>
    </main>
  );
}
