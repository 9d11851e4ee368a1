import { Auth0Provider } from 'usher/auth0/client';
import { auth0 } from '../lib/auth0.js';

export const metadata = { title: 'usher and Next.js' };

export default async function Layout({ children }) {
  const session = await auth0.getSession();
  return (
    <html lang="en">
      <body>
        <Auth0Provider user={session?.user}>{children}</Auth0Provider>
      </body>
    </html>
  );
}
