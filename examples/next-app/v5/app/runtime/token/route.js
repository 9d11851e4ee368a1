import { getToken } from '../../../lib/runtime.js';

export async function GET(request) {
  const raw = request.nextUrl.searchParams.has('raw');
  return Response.json(await getToken(request, { raw }));
}
