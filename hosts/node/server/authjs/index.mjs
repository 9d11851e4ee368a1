export * from '../../authjs/index.mjs';
export { default } from '../../authjs/index.mjs';
