/** usher/auth0/client: Auth0's SDK for pages. */
import type { ComponentType, ReactElement, ReactNode } from 'react';
import type { User } from './index.d.ts';

export type { User } from './index.d.ts';
export type UserProfile = User;

export interface UseUserOptions {
  /** The profile route, if it is another one. */
  route?: string;
}
export type UserState =
  | { user: User; isLoading: false; error: null; invalidate: () => Promise<User | undefined> }
  | { user: null; isLoading: false; error: Error; invalidate: () => Promise<User | undefined> }
  | { user: User | null | undefined; isLoading: boolean; error: undefined; invalidate: () => Promise<User | undefined> };
export function useUser(options?: UseUserOptions): UserState;

export function Auth0Provider(props: { user?: User; children: ReactNode; profileRoute?: string }): ReactElement;

export interface AccessTokenOptions {
  audience?: string;
  scope?: string;
  mergeScopes?: boolean;
  route?: string;
  includeFullResponse?: boolean;
}
export interface AccessTokenResponse {
  token: string;
  scope?: string;
  expires_at?: number;
  expires_in?: number;
  token_type?: string;
}
export function getAccessToken(options: AccessTokenOptions & { includeFullResponse: true }): Promise<AccessTokenResponse>;
export function getAccessToken(options?: AccessTokenOptions & { includeFullResponse?: false }): Promise<string>;

export interface PageAuthOptions {
  returnTo?: string;
  onRedirecting?: () => ReactElement;
  onError?: (error: Error) => ReactElement;
}
export function withPageAuthRequired<P extends object>(Component: ComponentType<P & { user: User }>, options?: PageAuthOptions): (props: Omit<P, 'user'>) => ReactElement;
