export * from '../../next-auth/jwt.mjs';
