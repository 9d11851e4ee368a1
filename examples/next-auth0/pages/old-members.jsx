import { auth0 } from '../lib/auth0.js';

export const getServerSideProps = auth0.withPageAuthRequired({
  getServerSideProps: async () => ({ props: { greeting: 'hello' } }),
});

export default function OldMembers({ user, greeting }) {
  return (
    <main>
      <h1>Members</h1>
      <p id="who">{greeting}, {user.email}</p>
    </main>
  );
}
