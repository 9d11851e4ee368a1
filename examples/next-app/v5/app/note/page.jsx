import { redirect } from 'next/navigation';
import { auth } from '../../lib/auth.js';

async function keep(form) {
  'use server';
  const session = await auth();
  if (!session) redirect('/api/auth/signin');
  redirect(`/note?by=${encodeURIComponent(session.user.email)}&text=${encodeURIComponent(form.get('text'))}`);
}

export default async function Note({ searchParams }) {
  const { by, text } = await searchParams;
  return (
    <main>
      <h1>Note</h1>
      <form action={keep}>
        <input name="text" defaultValue="hello" />
        <button id="keep">Keep</button>
      </form>
      {by && <p id="kept">{by}: {text}</p>}
    </main>
  );
}
