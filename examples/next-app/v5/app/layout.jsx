import { auth } from '../lib/auth.js';
import { Session } from './session.jsx';

export const metadata = { title: 'usher and Next.js' };

export default async function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <Session session={await auth()}>{children}</Session>
      </body>
    </html>
  );
}
