'use client';

// useUser, Auth0Provider, getAccessToken and withPageAuthRequired of Auth0's SDK, for pages. Plain calls of React:
// nothing has to be compiled.

import * as React from 'react';
import { contextValue } from '../lib/client/react.mjs';
import { environment, inBrowser } from '../lib/client/traffic.mjs';
import { storeOf } from '../lib/client/user.mjs';
import { AccessTokenError, MfaRequiredError } from './errors.mjs';

const basePath = () => environment(() => process.env.NEXT_PUBLIC_BASE_PATH) || '';
const profileRoute = (route) => route || environment(() => process.env.NEXT_PUBLIC_PROFILE_ROUTE) || '/auth/profile';
const loginRoute = () => environment(() => process.env.NEXT_PUBLIC_LOGIN_ROUTE) || '/auth/login';
const tokenRoute = (route) => route || environment(() => process.env.NEXT_PUBLIC_ACCESS_TOKEN_ROUTE) || '/auth/access-token';

/** A path of the application, below its base path. */
function below(path) {
  const base = basePath();
  if (!base || path === base || path.startsWith(`${base}/`)) return path;
  return base + path;
}

// ---- the user --------------------------------------------------------------------------------------

const UserContext = React.createContext?.({});
const NOTHING = { data: undefined, error: undefined, loading: true };

function shown({ data, error, loading }, invalidate) {
  if (error) return { user: null, isLoading: false, error, invalidate };
  if (data) return { user: data, isLoading: false, error: null, invalidate };
  return { user: data, isLoading: loading, error: undefined, invalidate };
}

/** {user, isLoading, error, invalidate} */
export function useUser(options = {}) {
  const url = below(profileRoute(options.route));
  const fallback = contextValue(UserContext)?.[url];
  if (!inBrowser()) return shown({ ...NOTHING, data: fallback }, async () => undefined);
  const store = storeOf(url);
  const state = React.useSyncExternalStore(store.subscribe, store.get, () => NOTHING);
  return shown(state.data === undefined && !state.error ? { ...state, data: fallback } : state, store.invalidate);
}

/** Hands a user that the server knows to the components below. */
export function Auth0Provider({ user, children, profileRoute: route }) {
  return React.createElement(UserContext.Provider, { value: { [below(profileRoute(route))]: user } }, children);
}

// ---- access tokens ---------------------------------------------------------------------------------

function errorOf(status, body) {
  if (status === 403 && body.error === 'mfa_required') {
    return new MfaRequiredError(body.error_description || 'Multi-factor authentication is required.', body.mfa_token || '', body.mfa_requirements);
  }
  return new AccessTokenError(body.error?.code || body.error, body.error?.message || body.error_description);
}

/** The access token of whoever looks at the page. */
export async function getAccessToken({ audience, scope, mergeScopes, route, includeFullResponse } = {}) {
  const query = new URLSearchParams();
  if (audience) query.append('audience', audience);
  if (scope) query.append('scope', scope);
  if (mergeScopes === false) query.append('mergeScopes', 'false');
  const text = query.toString();
  const answer = await fetch(below(tokenRoute(route)) + (text && `?${text}`));
  if (!answer.ok) {
    const body = await answer.json().catch(() => undefined);
    if (!body) throw new Error('An unexpected error occurred while trying to fetch the access token.');
    throw errorOf(answer.status, body);
  }
  const found = await answer.json();
  return includeFullResponse ? found : found.token;
}

// ---- pages -----------------------------------------------------------------------------------------

const nothing = () => React.createElement(React.Fragment, null);

/** Where the browser is, as the application calls it. */
function here() {
  const { pathname, search, hash } = window.location;
  const base = basePath();
  const inside = base && (pathname === base || pathname.startsWith(`${base}/`));
  return (inside ? pathname.slice(base.length) || '/' : pathname) + search + hash;
}

/** A page for people who are signed in; the others go to the login route. */
export function withPageAuthRequired(Component, { returnTo, onRedirecting = nothing, onError = nothing } = {}) {
  return function WithPageAuthRequired(props) {
    const { user, error, isLoading } = useUser();
    const leaves = inBrowser() && (!user || !!error) && !isLoading;
    if (inBrowser()) {
      React.useEffect(() => {
        if (leaves) window.location.assign(`${below(loginRoute())}?returnTo=${encodeURIComponent(returnTo || here())}`);
      }, [leaves]);
    }
    if (error) return onError(error);
    return user ? React.createElement(Component, { ...props, user }) : onRedirecting();
  };
}
