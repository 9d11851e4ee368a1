import { Auth0Client } from 'usher/auth0/server';
import { hooks } from './hooks.js';
import { sessionStore } from './store.js';

const DAY = 24 * 60 * 60;

/** AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, AUTH0_SECRET and APP_BASE_URL are read from the environment. */
export const auth0 = new Auth0Client({
  session: {
    rolling: true,
    absoluteDuration: Number(process.env.SESSION_SECONDS ?? 7 * DAY),
    inactivityDuration: Number(process.env.IDLE_SECONDS ?? DAY),
  },
  sessionStore,
  allowInsecureRequests: process.env.PROVIDER_IS_INSIDE === 'yes',
  ...(process.env.OWN_HOOKS === 'yes' && hooks),
});
