'use client';

import { reactOf } from '../lib/client/react.mjs';
import { five } from '../lib/client/traffic.mjs';

const react = reactOf(five);

export const SessionContext = react.SessionContext;
export const SessionProvider = react.SessionProvider;
export const useSession = react.useSession;
export const getSession = react.getSession;
export const getCsrfToken = react.getCsrfToken;
export const getProviders = react.getProviders;
export const signIn = react.signIn;
export const signOut = react.signOut;
