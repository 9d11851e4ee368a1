export * from '../../next-auth/index.mjs';
export { default } from '../../next-auth/index.mjs';
