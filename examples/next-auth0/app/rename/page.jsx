import { redirect } from 'next/navigation';
import { auth0 } from '../../lib/auth0.js';

async function rename(form) {
  'use server';
  const session = await auth0.getSession();
  if (!session) redirect('/auth/login');
  await auth0.updateSession({ ...session, user: { ...session.user, nickname: form.get('nickname') } });
  redirect('/rename');
}

export default async function Rename() {
  const session = await auth0.getSession();
  return (
    <main>
      <h1>Rename</h1>
      <p id="nickname">{session?.user.nickname ?? 'none'}</p>
      <form action={rename}>
        <input name="nickname" defaultValue="Annie" />
        <button id="go">Rename</button>
      </form>
    </main>
  );
}
