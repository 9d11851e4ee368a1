// SessionProvider and useSession on what traffic.mjs asks. Plain calls of React: nothing has to be compiled.

import * as React from 'react';
import { Traffic, environment, inBrowser } from './traffic.mjs';

const NO_CONTEXT = 'React Context is unavailable in Server Components';
const NO_PROVIDER = '[next-auth]: `useSession` must be wrapped in a <SessionProvider />';
const nowS = () => Math.floor(Date.now() / 1000);

/**
 * The session that one provider shows. `session` is undefined until it was asked for, null for nobody.
 * An answer that could not be had changes nothing: whoever was signed in stays so until a server says otherwise.
 */
class Keeper {
  #traffic;
  #asked = 0;

  constructor(traffic, session) {
    this.#traffic = traffic;
    this.session = session;
    if (session !== undefined) this.#asked = nowS();
  }

  async #ask(broadcast) {
    this.#asked = nowS();
    const { known, value } = await this.#traffic.readSession({ broadcast });
    if (known || this.session === undefined) this.session = value;
  }

  /** `event`: why now. Without one it is the first time, and what is known is good enough. */
  async refresh(event) {
    try {
      const told = event === 'storage';
      if (told || this.session === undefined) await this.#ask(!told);
      else if (event && this.session !== null && nowS() >= this.#asked) await this.#ask(true);
    } catch (error) {
      this.#traffic.say('CLIENT_SESSION_ERROR', error);
    }
  }
}

function useOnline() {
  const [online, setOnline] = React.useState(typeof navigator !== 'undefined' ? navigator.onLine : false);
  React.useEffect(() => {
    const up = () => setOnline(true);
    const down = () => setOnline(false);
    window.addEventListener('online', up);
    window.addEventListener('offline', down);
    return () => {
      window.removeEventListener('online', up);
      window.removeEventListener('offline', down);
    };
  }, []);
  return online;
}

/** Asks again when the page is looked at, when another tab says so, and from time to time. */
function useReasons(traffic, refresh, held, { refetchInterval, refetchOnWindowFocus = true, refetchWhenOffline }) {
  React.useEffect(() => traffic.tabs.receive(() => refresh('storage')), [traffic, refresh]);
  React.useEffect(() => {
    const seen = () => {
      if (refetchOnWindowFocus && document.visibilityState === 'visible') refresh('visibilitychange');
    };
    document.addEventListener('visibilitychange', seen);
    return () => document.removeEventListener('visibilitychange', seen);
  }, [refresh, refetchOnWindowFocus]);
  const online = useOnline();
  const may = refetchWhenOffline !== false || online;
  React.useEffect(() => {
    if (!refetchInterval || !may) return undefined;
    const timer = setInterval(() => held.session && refresh('poll'), refetchInterval * 1000);
    return () => clearInterval(timer);
  }, [refresh, held, refetchInterval, may]);
}

/**
 * A package that Next.js leaves outside its bundles (serverExternalPackages) finds another copy of React than
 * the one that renders on the server. That copy's hooks do not work, its contexts do: they are plain objects,
 * in which the renderer keeps the value.
 */
export function contextValue(context) {
  if (inBrowser() || isRendering()) return React.useContext(context);
  return context._currentValue ?? context._currentValue2;
}

const INSIDE = '__CLIENT_INTERNALS_DO_NOT_USE_OR_WARN_USERS_THEY_CANNOT_UPGRADE'; // React 19
const INSIDE_18 = '__SECRET_INTERNALS_DO_NOT_USE_OR_YOU_WILL_BE_FIRED';

/** Whether this copy of React is the one at work; true where it does not say. */
function isRendering() {
  const known = { ...React }; // by name alone: bundlers complain of what this React does not have
  const inside = known[INSIDE];
  const before = known[INSIDE_18]?.ReactCurrentDispatcher;
  return (!inside && !before) || !!(inside?.H ?? before?.current);
}

const statusOf = (session, loading) => (loading ? 'loading' : session ? 'authenticated' : 'unauthenticated');

/** What `system` (four or five of traffic.mjs) has for React. */
export function reactOf(system) {
  const traffic = new Traffic(system);
  const SessionContext = React.createContext?.(undefined);

  /** A function that sends `data` to the session route, and shows what that answers. */
  function updater(held, session, loading, setSession, setLoading) {
    return async (data) => {
      if (loading || (!session && !system.updatesNobody)) return undefined;
      setLoading(true);
      const asks = system.updatesNobody && data === undefined;
      const body = asks ? undefined : { csrfToken: await traffic.getCsrfToken(), data };
      const { value } = await traffic.ask('session', { body });
      setLoading(false);
      if (value) {
        held.session = value;
        setSession(value);
        traffic.tellSession(false);
      }
      return value;
    };
  }

  /** On a server: what is known now, without a hook (see contextValue). */
  function serverProvider({ session, children }) {
    const value = { data: session, status: statusOf(session, session === undefined), update: async () => undefined };
    return React.createElement(SessionContext.Provider, { value }, children);
  }

  function SessionProvider(props) {
    if (!SessionContext) throw new Error(NO_CONTEXT);
    if (props.basePath) traffic.basePath = props.basePath;
    if (!inBrowser()) return serverProvider(props);
    const [held] = React.useState(() => new Keeper(traffic, props.session));
    const [session, setSession] = React.useState(props.session);
    const [loading, setLoading] = React.useState(props.session === undefined);
    const refresh = React.useCallback(async (event) => {
      await held.refresh(event);
      setSession(held.session);
      setLoading(false);
    }, [held]);
    React.useEffect(() => {
      const changed = () => refresh('storage');
      traffic.changed = changed;
      refresh();
      return () => {
        if (traffic.changed === changed) traffic.changed = async () => {};
      };
    }, [refresh]);
    useReasons(traffic, refresh, held, props);
    const value = React.useMemo(() => ({
      data: session,
      status: statusOf(session, loading),
      update: updater(held, session, loading, setSession, setLoading),
    }), [held, session, loading]);
    return React.createElement(SessionContext.Provider, { value }, props.children);
  }

  function useSession(options) {
    if (!SessionContext) throw new Error(NO_CONTEXT);
    const value = contextValue(SessionContext);
    if (!value && environment(() => process.env.NODE_ENV) !== 'production') throw new Error(NO_PROVIDER);
    const { required, onUnauthenticated } = options ?? {};
    const absent = !!required && value?.status === 'unauthenticated';
    if (!inBrowser()) return absent ? { ...value, status: 'loading' } : value;
    React.useEffect(() => {
      if (!absent) return;
      if (onUnauthenticated) {
        onUnauthenticated();
        return;
      }
      const query = new URLSearchParams({ error: 'SessionRequired', callbackUrl: window.location.href });
      window.location.href = `${traffic.basePath}/signin?${query}`;
    }, [absent, onUnauthenticated]);
    return absent ? { ...value, status: 'loading' } : value;
  }

  const { getSession, getCsrfToken, getProviders, signIn, signOut } = traffic;
  return { SessionContext, SessionProvider, useSession, getSession, getCsrfToken, getProviders, signIn, signOut };
}
