export * from '../../auth0/errors.mjs';
