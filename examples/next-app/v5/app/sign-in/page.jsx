import { signIn } from '../../lib/auth.js';

async function enter() {
  'use server';
  await signIn('company', { redirectTo: '/dashboard' });
}

export default function SignIn() {
  return (
    <main>
      <h1>Sign in</h1>
      <form action={enter}><button id="go">With Company</button></form>
    </main>
  );
}
