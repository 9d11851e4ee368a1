// The page of browser.mjs: one component that writes down what it is shown. `client` is the package under test.
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import * as client from 'client';

const h = React.createElement;
const seen = [];

function Probe({ options }) {
  const { data, status, update } = client.useSession(options);
  const line = `${status} ${data ? data.user?.name : data}`;
  if (seen.at(-1) !== line) seen.push(line);
  window.update = update;
  return h('p', { id: 'status' }, line);
}

const root = createRoot(document.getElementById('app'));
const called = [];

window.page = {
  client,
  seen,
  called,
  mayWait: false, // what is shown may stay "loading"
  show(props, { required, told } = {}) {
    window.page.mayWait = !!required;
    const options = required && { required, ...(told && { onUnauthenticated: () => called.push('onUnauthenticated') }) };
    root.render(h(client.SessionProvider, props, h(Probe, { options })));
  },
  hide: () => root.render(null),
};
