export * from '../../authjs/jwt.mjs';
