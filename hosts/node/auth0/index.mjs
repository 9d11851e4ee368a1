import all from './index.cjs';

export const { Auth0Client } = all;
export * from './errors.mjs';
