import type { AuthOptions } from './types';

export * from './types';
export { getServerSession, unstable_getServerSession } from './next';

type Handler = (req: any, second: any) => Promise<any>;

/** A handler for pages/api/auth/[...nextauth] and app/api/auth/[...nextauth]/route. */
export default function NextAuth(options: AuthOptions): Handler;
export default function NextAuth(req: any, res: any, options: AuthOptions): Promise<any>;
