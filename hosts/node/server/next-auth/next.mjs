export * from '../../next-auth/next.mjs';
