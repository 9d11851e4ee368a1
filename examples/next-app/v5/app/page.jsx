import { auth } from '../lib/auth.js';

export default async function Home() {
  const session = await auth();
  return (
    <main>
      <h1>Home</h1>
      <p id="who">{session ? `Signed in as ${session.user.name}` : 'Not signed in'}</p>
      <nav>
        <a href="/dashboard">Dashboard</a> <a href="/profile">Profile</a> <a href="/note">Note</a>
        {' '}
        {session ? <a href="/sign-out">Sign out</a> : <a href="/sign-in">Sign in</a>}
      </nav>
    </main>
  );
}
