export { auth as proxy } from './lib/auth.js';

export const config = { matcher: ['/dashboard/:path*', '/admin/:path*', '/staff/:path*'] };
