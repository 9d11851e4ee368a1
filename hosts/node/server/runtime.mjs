export * from '../runtime.mjs';
