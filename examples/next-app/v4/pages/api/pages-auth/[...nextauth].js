// The routes as the Pages Router has them. An application has these or those of app/api/auth, at
// /api/auth; this one has both, to show both.
import NextAuth from 'usher/next-auth';
import { authOptions } from '../../../lib/options.js';

export default NextAuth(authOptions);
