// The Pages Router.
import { auth0 } from '../lib/auth0.js';

export async function getServerSideProps(context) {
  const session = await auth0.getSession(context.req);
  if (!session) return { redirect: { destination: '/auth/login?returnTo=%2Fold', permanent: false } };
  return { props: { email: session.user.email } };
}

export default function Old({ email }) {
  return (
    <main>
      <h1>Old</h1>
      <p id="who">{email}</p>
    </main>
  );
}
