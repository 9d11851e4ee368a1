import NextAuth from 'usher/next-auth';
import { authOptions } from '../../../../lib/options.js';

const handler = NextAuth(authOptions);

export { handler as GET, handler as POST };
