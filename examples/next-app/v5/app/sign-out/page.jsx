import { signOut } from '../../lib/auth.js';

async function leave() {
  'use server';
  await signOut({ redirectTo: '/' });
}

export default function SignOut() {
  return (
    <main>
      <h1>Sign out</h1>
      <form action={leave}><button id="go">Sign out</button></form>
    </main>
  );
}
