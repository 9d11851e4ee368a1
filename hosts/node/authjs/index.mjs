import NextAuth from './index.cjs';

export const { AuthError, CredentialsSignin, customFetch } = NextAuth;
export default NextAuth;
