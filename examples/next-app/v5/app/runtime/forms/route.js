import { getServerSession } from '../../../lib/runtime.js';

/** Every form in which the headers may come: the same person each time, and nobody without any. */
export async function GET(request) {
  const cookie = request.headers.get('cookie') ?? '';
  const who = async (...input) => (await getServerSession(...input))?.user?.email ?? null;
  return Response.json({
    request: await who(request),
    headers: await who(new Headers({ cookie })),
    pairs: await who([['cookie', cookie]]),
    record: await who({ cookie }),
    nothing: await who(),
  });
}
