import { SessionProvider } from 'usher/authjs/react';
import { auth } from '../lib/auth.js';

export const metadata = { title: 'usher and Next.js' };

export default async function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <SessionProvider session={await auth()}>{children}</SessionProvider>
      </body>
    </html>
  );
}
