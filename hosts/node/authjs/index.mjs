import NextAuth from './index.cjs';

export default NextAuth;
