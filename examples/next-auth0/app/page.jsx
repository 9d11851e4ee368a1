import { auth0 } from '../lib/auth0.js';

export default async function Home() {
  const session = await auth0.getSession();
  return (
    <main>
      <h1>Home</h1>
      <p id="who">{session ? `Signed in as ${session.user.name}` : 'Not signed in'}</p>
      <nav>
        <a href="/dashboard">Dashboard</a> <a href="/profile">Profile</a>
        {' '}
        {session ? <a href="/auth/logout">Sign out</a> : <a href="/auth/login">Sign in</a>}
      </nav>
    </main>
  );
}
