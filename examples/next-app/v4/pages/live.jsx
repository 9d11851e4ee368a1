// The Pages Router has no layout: a page brings its own provider.
import { SessionProvider, useSession } from 'usher/next-auth/react';

function Live() {
  const { data: session, status } = useSession();
  return (
    <main>
      <h1>Live</h1>
      <p id="status">{status}</p>
      <p id="nickname">{session?.user.nickname ?? 'none'}</p>
    </main>
  );
}

/** Looks again every second, at routes that are somewhere else. */
export default function Page() {
  return (
    <SessionProvider refetchInterval={1} refetchOnWindowFocus={false} basePath="/api/pages-auth">
      <Live />
    </SessionProvider>
  );
}
