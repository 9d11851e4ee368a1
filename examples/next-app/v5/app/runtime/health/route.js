import { getServerSession } from '../../../lib/runtime.js';

/** A runtime that nobody has configured throws: for an operator, not for a visitor who is "not signed in". */
export async function GET() {
  try {
    await getServerSession();
    return Response.json({ runtime: 'configured' });
  } catch (error) {
    return Response.json({ runtime: error.message.split(/[.:]/)[0] }, { status: 503 });
  }
}
