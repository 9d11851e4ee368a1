import type { AuthOptions, Session } from './types';

export type { DefaultSession, Session } from './types';

interface NodeResponse {
  getHeader(name: string): unknown;
  setHeader(name: string, value: any): unknown;
}

/** What getServerSession looks at; `providers` are not among it. */
export type GetServerSessionOptions = Partial<Omit<AuthOptions, 'callbacks'>> & {
  callbacks?: Omit<NonNullable<AuthOptions['callbacks']>, 'session'> & { session?: (...args: any[]) => any };
};

type SessionOf<O> = O extends { callbacks: { session: (...args: any[]) => infer U } } ? U : Session;

/** In a Server Component, Server Action or Route Handler: without `expires`, and nothing is renewed. */
export function getServerSession<O extends GetServerSessionOptions, R = SessionOf<O>>(options?: O): Promise<Awaited<R> | null>;
/** In an API route or getServerSideProps: the cookie is renewed on `res`. */
export function getServerSession<O extends GetServerSessionOptions, R = SessionOf<O>>(
  req: { headers?: any; cookies?: any }, res: NodeResponse, options?: O,
): Promise<Awaited<R> | null>;
/** @deprecated getServerSession */
export const unstable_getServerSession: typeof getServerSession;
