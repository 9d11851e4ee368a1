import jwt from './jwt.cjs';

export const { encode, decode, getToken } = jwt;
