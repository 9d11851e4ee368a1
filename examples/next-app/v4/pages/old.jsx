// The Pages Router.
import { getServerSession } from 'usher/next-auth/next';
import { authOptions } from '../lib/options.js';

export async function getServerSideProps(context) {
  const session = await getServerSession(context.req, context.res, authOptions);
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
