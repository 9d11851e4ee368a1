// The Pages Router.
import { auth } from '../lib/auth.js';

export async function getServerSideProps(context) {
  const session = await auth(context);
  if (!session) return { redirect: { destination: '/api/auth/signin?callbackUrl=%2Fold', permanent: false } };
  return { props: { user: session.user.email, expires: session.expires } };
}

export default function Old({ user, expires }) {
  return (
    <main>
      <h1>Old</h1>
      <p id="who">{user}</p>
      <time dateTime={expires}>{expires.slice(0, 10)}</time>
    </main>
  );
}
