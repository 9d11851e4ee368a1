export * from '../../authjs/errors.mjs';
