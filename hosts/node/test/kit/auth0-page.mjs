// The page of auth0-client.test.mjs: components that write down what they are shown. `client` is the package
// under test.
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import * as client from 'client';

const h = React.createElement;
const seen = [];

function note(line) {
  if (seen.at(-1) !== line) seen.push(line);
}

function Probe({ options }) {
  const { user, isLoading, error, invalidate } = client.useUser(options);
  const line = `${isLoading ? 'loading' : 'done'} ${user ? user.name : user} ${error ? error.message : error}`;
  note(line);
  window.page.invalidate = invalidate;
  return h('p', { id: 'status' }, line);
}

const Closed = ({ user, more }) => {
  note(`closed ${user.name} ${more}`);
  return h('p', null, 'closed');
};
const root = createRoot(document.getElementById('app'));

window.page = {
  client,
  seen,
  show: (options) => root.render(h(Probe, { options })),
  twice: () => root.render(h('div', null, h(Probe), h(Probe))),
  with: (user, options) => root.render(h(client.Auth0Provider, { user, profileRoute: options?.route }, h(Probe, { options }))),
  guarded(options) {
    const told = options?.told && { onRedirecting: () => { note('redirecting'); return null; }, onError: (e) => { note(`error ${e.message}`); return null; } };
    root.render(h(client.withPageAuthRequired(Closed, { returnTo: options?.returnTo, ...told }), { more: 1 }));
  },
  hide: () => root.render(null),
  token: (options) => client.getAccessToken(options).then(
    (value) => ({ value: typeof value === 'string' ? 'text' : Object.keys(value) }),
    ({ name, code, message, mfa_token: token }) => ({ name, code, message, token }),
  ),
};
