import type { Context, JSX, ReactNode } from 'react';
import type { Session } from './types';

export type { Session };

/** What a function of this entry may be handed on a server, so that it asks in the visitor's name. */
export interface ServerParams {
  req?: { headers: any };
  ctx?: { req?: { headers: any } };
}

export interface GetSessionParams extends ServerParams {
  event?: 'storage' | 'timer' | 'hidden' | string;
  triggerEvent?: boolean;
  /** Whether other tabs are told; true by default. */
  broadcast?: boolean;
}

export type CtxOrReq = ServerParams;

export interface ClientSafeProvider {
  id: string;
  name: string;
  type: 'oauth' | 'oidc' | 'email' | 'credentials' | string;
  signinUrl: string;
  callbackUrl: string;
}

export type UpdateSession = (data?: any) => Promise<Session | null>;

export type SessionContextValue<R extends boolean = false> = R extends true
  ? | { update: UpdateSession; data: Session; status: 'authenticated' }
    | { update: UpdateSession; data: null; status: 'loading' }
  : | { update: UpdateSession; data: Session; status: 'authenticated' }
    | { update: UpdateSession; data: null; status: 'unauthenticated' | 'loading' };

export interface UseSessionOptions<R extends boolean> {
  required: R;
  /** Called in the place of the way to the sign-in page. */
  onUnauthenticated?: () => void;
}

export interface SessionProviderProps {
  children?: ReactNode;
  session?: Session | null;
  /** Not used; the base path is enough. */
  baseUrl?: string;
  basePath?: string;
  /** Seconds; 0 (the default) is never. Only while somebody is signed in. */
  refetchInterval?: number;
  refetchOnWindowFocus?: boolean;
  refetchWhenOffline?: false;
}

export interface SignInOptions extends Record<string, unknown> {
  callbackUrl?: string;
  /** False for who wants the answer instead of another page; for credentials and e-mail. */
  redirect?: boolean;
}

export interface SignInResponse {
  error: string | null | undefined;
  status: number;
  ok: boolean;
  url: string | null;
}

export type SignInAuthorizationParams = string | string[][] | Record<string, string> | URLSearchParams;

export interface SignOutParams<R extends boolean = true> {
  callbackUrl?: string;
  redirect?: R;
}

export interface SignOutResponse {
  url: string;
}

export const SessionContext: Context<SessionContextValue | undefined> | undefined;
export function SessionProvider(props: SessionProviderProps): JSX.Element;
export function useSession<R extends boolean>(options?: UseSessionOptions<R>): SessionContextValue<R>;
export function getSession(params?: GetSessionParams): Promise<Session | null>;
export function getCsrfToken(params?: ServerParams): Promise<string | undefined>;
export function getProviders(params?: ServerParams): Promise<Record<string, ClientSafeProvider> | null>;
/** `provider` is an id; without one, and with one nobody has, the sign-in page is shown. */
export function signIn(
  provider?: string,
  options?: SignInOptions,
  authorizationParams?: SignInAuthorizationParams,
): Promise<SignInResponse | undefined>;
export function signOut<R extends boolean = true>(options?: SignOutParams<R>): Promise<R extends true ? undefined : SignOutResponse>;
