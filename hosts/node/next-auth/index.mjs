import NextAuth from './index.cjs';

export const { getServerSession, unstable_getServerSession } = NextAuth;
export default NextAuth;
