import { getToken } from '../../../lib/runtime.js';

/** A route of yours should not answer so: it hands scripts what HttpOnly keeps from them. */
export async function GET(request) {
  const raw = request.nextUrl.searchParams.has('raw');
  return Response.json(await getToken(request, { raw }));
}
