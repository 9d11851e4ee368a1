export * from '../../auth0/index.mjs';
