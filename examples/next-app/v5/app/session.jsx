'use client';

import { SessionProvider } from 'usher/authjs/react';

/** With the session that the server has read, nothing flickers. */
export function Session({ session, children }) {
  return <SessionProvider session={session}>{children}</SessionProvider>;
}
