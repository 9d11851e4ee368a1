export * from '../../next-auth/middleware.mjs';
export { default } from '../../next-auth/middleware.mjs';
