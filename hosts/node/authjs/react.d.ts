import type { Context, JSX, ReactNode } from 'react';
import type {
  ClientSafeProvider, ServerParams, SessionContextValue as ContextValue, SignInAuthorizationParams, SignOutResponse, UseSessionOptions,
} from '../next-auth/react';
import type { Session } from './types';

export type { ClientSafeProvider, ServerParams, Session, SignInAuthorizationParams, SignOutResponse, UseSessionOptions };

type OwnSession<V> = V extends { data: null } ? V : Omit<V, 'data' | 'update'> & { data: Session; update: UpdateSession };

export type UpdateSession = (data?: any) => Promise<Session | null>;
export type SessionContextValue<R extends boolean = false> = OwnSession<ContextValue<R>>;

export interface GetSessionParams extends ServerParams {
  event?: 'storage' | 'timer' | 'hidden' | string;
  triggerEvent?: boolean;
  broadcast?: boolean;
}

export interface SessionProviderProps {
  children?: ReactNode;
  session?: Session | null;
  baseUrl?: string;
  basePath?: string;
  refetchInterval?: number;
  refetchOnWindowFocus?: boolean;
  refetchWhenOffline?: false;
}

export interface SignInOptions<R extends boolean = boolean> extends Record<string, unknown> {
  /** @deprecated redirectTo */
  callbackUrl?: string;
  redirectTo?: string;
  redirect?: R;
}

export interface SignInResponse {
  error: string | undefined;
  /** What a CredentialsSignin was made with. */
  code: string | undefined;
  status: number;
  ok: boolean;
  url: string | null;
}

export interface SignOutParams<R extends boolean = boolean> {
  /** @deprecated redirectTo */
  callbackUrl?: string;
  redirectTo?: string;
  redirect?: R;
}

export const SessionContext: Context<SessionContextValue | undefined> | undefined;
export function SessionProvider(props: SessionProviderProps): JSX.Element;
export function useSession<R extends boolean>(options?: UseSessionOptions<R>): SessionContextValue<R>;
export function getSession(params?: GetSessionParams): Promise<Session | null>;
export function getCsrfToken(): Promise<string>;
export function getProviders(): Promise<Record<string, ClientSafeProvider> | null>;
export function signIn(provider?: string, options?: SignInOptions<true>, authorizationParams?: SignInAuthorizationParams): Promise<void>;
export function signIn(provider?: string, options?: SignInOptions<false>, authorizationParams?: SignInAuthorizationParams): Promise<SignInResponse>;
export function signOut(options?: SignOutParams<true>): Promise<void>;
export function signOut(options?: SignOutParams<false>): Promise<SignOutResponse>;
