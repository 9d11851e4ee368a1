// Sessions as plain JWTs that other services can check, too: signed, not encrypted.
import { SignJWT, jwtVerify } from 'jose';

const keyOf = (secret) => new TextEncoder().encode(secret);

export const signedTokens = {
  encode: ({ token, secret, maxAge }) => new SignJWT(token)
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + maxAge)
    .sign(keyOf(secret)),

  decode: async ({ token, secret }) => (await jwtVerify(token, keyOf(secret), { algorithms: ['HS256'] })).payload,
};
