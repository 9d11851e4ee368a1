import NextAuth from 'usher/authjs';
import { config } from './config.js';

export const { handlers, auth, signIn, signOut, unstable_update } = NextAuth(config);

export class NotSignedIn extends Error {}

export async function requireSession() {
  const session = await auth();
  if (!session) throw new NotSignedIn();
  return session;
}
