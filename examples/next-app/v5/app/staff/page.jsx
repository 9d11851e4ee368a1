import { auth } from '../../lib/auth.js';

/** The proxy has let the request through; who it is, the page asks itself. */
export default async function Staff() {
  const session = await auth();
  return (
    <main>
      <h1>Staff</h1>
      <p id="who">{session?.user.email}</p>
    </main>
  );
}
