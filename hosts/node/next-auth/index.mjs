export { getServerSession, unstable_getServerSession } from './next.mjs';
