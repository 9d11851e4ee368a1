import { getToken } from 'usher/next-auth/jwt';
import { jwt } from '../../../lib/options.js';

export default async function handler(req, res) {
  res.status(200).json(await getToken({ req, decode: jwt.decode }));
}
