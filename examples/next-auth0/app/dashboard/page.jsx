import { auth0 } from '../../lib/auth0.js';

/** The proxy has let the request through; who it is, the page asks itself. */
export default async function Dashboard() {
  const session = await auth0.getSession();
  return (
    <main>
      <h1>Dashboard</h1>
      <p id="who">{session?.user.email}</p>
    </main>
  );
}
