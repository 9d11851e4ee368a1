// The client's calls on a server, in the visitor's name.
import { getCsrfToken, getProviders, getSession } from 'usher/next-auth/react';

export async function getServerSideProps(context) {
  const session = await getSession(context);
  const same = await getSession({ req: context.req });
  const csrf = await getCsrfToken(context);
  const providers = await getProviders();
  return {
    props: {
      user: session?.user.email ?? 'nobody',
      again: same?.user.email ?? 'nobody',
      characters: csrf.length,
      providers: Object.keys(providers).join(),
    },
  };
}

export default function Asked({ user, again, characters, providers }) {
  return (
    <main>
      <h1>Asked</h1>
      <p id="who">{user}, {again}, {characters} characters, {providers}</p>
    </main>
  );
}
