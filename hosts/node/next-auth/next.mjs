import next from './next.cjs';

export const { getServerSession, unstable_getServerSession } = next;
