// The user of a page: one copy for each route, asked for when a component wants it, when the page is looked at
// again and when the network comes back, shared by all that show it.

import { inBrowser } from './traffic.mjs';

const DEDUPE_MS = 2000; // whoever asks so soon after another gets the same answer
const FOCUS_MS = 5000;
const RETRY_MS = 5000;
const RETRY_STEPS = 8;

const isVisible = () => typeof document === 'undefined' || document.visibilityState !== 'hidden';
const isOnline = () => typeof navigator === 'undefined' || navigator.onLine !== false;

async function read(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error('Unauthorized');
  return answer.status === 204 ? null : answer.json();
}

/** {data, error, loading}; data is undefined until there was an answer. A state is never changed, but replaced. */
class UserStore {
  #url;
  #listeners = new Set();
  #asked; // the request under way
  #at = -Infinity;
  #tries = 0;
  #timer;
  #stop;
  state = { data: undefined, error: undefined, loading: true };

  constructor(url) {
    this.#url = url;
    this.get = () => this.state;
    this.subscribe = (listener) => this.#subscribe(listener);
    this.invalidate = () => this.#ask(true);
  }

  #show(change) {
    this.state = { ...this.state, ...change };
    for (const listener of this.#listeners) listener();
  }

  async #ask(anew) {
    if (this.#asked && !anew && Date.now() - this.#at < DEDUPE_MS) return this.#asked;
    const asked = this.#answer();
    this.#asked = asked;
    this.#at = Date.now();
    return asked;
  }

  async #answer() {
    clearTimeout(this.#timer);
    const mine = {};
    this.latest = mine;
    let change;
    try {
      const data = await read(this.#url);
      this.#tries = 0;
      change = { data, error: undefined, loading: false };
    } catch (error) {
      change = { error, loading: false };
    }
    if (this.latest !== mine) return this.state.data; // a newer one is under way
    this.#show(change);
    if (change.error) this.#retry();
    return this.state.data;
  }

  #retry() {
    if (!this.#listeners.size || !isVisible() || !isOnline()) return;
    this.#tries += 1;
    const step = 1 << Math.min(this.#tries, RETRY_STEPS);
    this.#timer = setTimeout(() => this.#ask(true), (Math.random() + 0.5) * step * RETRY_MS);
  }

  #listen() {
    let looked = Date.now(); // a page that has just been shown is no news
    const seen = () => {
      if (!isVisible() || Date.now() - looked < FOCUS_MS) return;
      looked = Date.now();
      this.#ask(false);
    };
    const back = () => this.#ask(false);
    document.addEventListener('visibilitychange', seen);
    window.addEventListener('focus', seen);
    window.addEventListener('online', back);
    this.#stop = () => {
      document.removeEventListener('visibilitychange', seen);
      window.removeEventListener('focus', seen);
      window.removeEventListener('online', back);
      clearTimeout(this.#timer);
    };
  }

  #subscribe(listener) {
    if (this.#listeners.size === 0 && inBrowser()) this.#listen();
    this.#listeners.add(listener);
    this.#ask(false);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop?.();
    };
  }
}

const stores = new Map();

/** The store of a route, for as long as the page lives. */
export function storeOf(url) {
  let store = stores.get(url);
  if (!store) {
    store = new UserStore(url);
    stores.set(url, store);
  }
  return store;
}
