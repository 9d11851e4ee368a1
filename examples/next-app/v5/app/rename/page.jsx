import { redirect } from 'next/navigation';
import { auth, unstable_update } from '../../lib/auth.js';

async function rename(form) {
  'use server';
  await unstable_update({ nickname: form.get('nickname') });
  redirect('/rename');
}

export default async function Rename() {
  const session = await auth();
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
