import { auth0 } from '../../lib/auth0.js';

export default auth0.withPageAuthRequired(async function Members() {
  const { user } = await auth0.getSession();
  return (
    <main>
      <h1>Members</h1>
      <p id="who">{user.email}</p>
    </main>
  );
}, { returnTo: '/members' });
