import { headers } from 'next/headers';

export default async function Admin() {
  return (
    <main>
      <h1>Admin</h1>
      <p id="who">{(await headers()).get('x-seen-by-proxy')}</p>
    </main>
  );
}
