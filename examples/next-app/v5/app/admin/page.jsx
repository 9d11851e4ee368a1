import { auth } from '../../lib/auth.js';

/** The proxy has let the request through; who it is, the page asks itself. */
export default async function Admin() {
  const session = await auth();
  return (
    <main>
      <h1>Admin</h1>
      <p id="who">{session?.user.email}</p>
    </main>
  );
}
