'use client';

import { SessionProvider } from 'usher/next-auth/react';

/** With the session that the server has read, nothing flickers. */
export function Session({ session, children }) {
  return <SessionProvider session={session}>{children}</SessionProvider>;
}
