// A page of Auth0's SDK v4.
import { Auth0Provider, getAccessToken, useUser, withPageAuthRequired } from '@auth0/nextjs-auth0/client';
import { AccessTokenError, MfaRequiredError } from '@auth0/nextjs-auth0/errors';
import type { ReactNode } from 'react';

export function Layout({ children }: { children: ReactNode }) {
  return <Auth0Provider>{children}</Auth0Provider>;
}

export function Greeting() {
  const { user, error, isLoading, invalidate } = useUser();
  if (isLoading) return <p>loading</p>;
  if (error) return <p>{error.message}</p>;
  return user ? <button onClick={() => invalidate()}>{user.name} {user.email}</button> : <a href="/auth/login">sign in</a>;
}

export async function callApi() {
  try {
    const token: string = await getAccessToken();
    const other: string = await getAccessToken({ audience: 'https://api.example.com', scope: 'read:x' });
    const whole = await getAccessToken({ includeFullResponse: true });
    return [token, other, whole.token, whole.expires_at];
  } catch (error) {
    if (error instanceof MfaRequiredError) return [error.mfa_token];
    if (error instanceof AccessTokenError) return [error.code];
    throw error;
  }
}

export default withPageAuthRequired(({ user }) => <p>{user.name}</p>, { returnTo: '/closed', onRedirecting: () => <p>one moment</p>, onError: (error) => <p>{error.message}</p> });
