import { NextResponse } from 'next/server';

export const hooks = {
  /** What the session is to hold of the claims, and what of your own. */
  async beforeSessionSaved(session) {
    const { sub, name, email, email_verified: emailVerified } = session.user;
    return { ...session, user: { sub, name, email, emailVerified }, plan: 'free' };
  },

  /** Where to go after a sign-in, or after one that failed. */
  async onCallback(error, context) {
    const base = process.env.APP_BASE_URL;
    if (error) return NextResponse.redirect(new URL(`/?error=${error.code}`, base));
    return NextResponse.redirect(new URL(context.returnTo ?? '/', base));
  },
};
