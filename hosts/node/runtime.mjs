import runtime from './lib/runtime.cjs';

export const { configureAuthRuntime, configureAuthProxyRuntime, getServerSession, getToken } = runtime;
