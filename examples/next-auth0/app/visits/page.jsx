import { auth0 } from '../../lib/auth0.js';

export default async function Visits() {
  const session = await auth0.getSession();
  return (
    <main>
      <h1>Visits</h1>
      <p id="visits">{session?.visits ?? 0}</p>
    </main>
  );
}
