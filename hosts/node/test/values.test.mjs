// Texts between JavaScript and C, by property: whatever characters a claim has, and however many, it comes back as
// it went, through every answer that holds it; and bytes of a header are its characters up to U+00FF, or a TypeError.
import assert from 'node:assert/strict';
import test from 'node:test';
import { cookieFor, siteOf } from './kit/kit.mjs';

const ROUNDS = Number(process.env.USHER_TEST_ROUNDS ?? 400);

function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Characters of one kind each: which copy is taken depends on the widest. */
const KINDS = [
  (pick) => String.fromCharCode(0x20 + pick(0x5f)),
  (pick) => String.fromCharCode(pick(0x20)),
  (pick) => '"\\/\u007f\u2028\u2029'[pick(6)],
  (pick) => String.fromCharCode(0x80 + pick(0x80)),
  (pick) => String.fromCharCode(0x100 + pick(0xd700)),
  (pick) => String.fromCodePoint(0x10000 + pick(0xfffff)),
  (pick) => String.fromCharCode(0xd800 + pick(0x800)), // half of a pair
  (pick) => '\uffff\ufffd\ufeff\u0000'[pick(4)],
];

function textOf(pick, length) {
  const widest = 1 + pick(KINDS.length);
  let text = '';
  while (text.length < length) text += KINDS[pick(widest)](pick);
  return text;
}

const lengthOf = (pick, round) => (round < 140 ? round : [4095, 4096, 4097, 1000, 2047, 2048, 300, 7][pick(8)]);

for (const profile of ['nextauth-4', 'authjs-5']) {
  test(`${profile}: a text comes back as it went`, async () => {
    const site = siteOf({ profile });
    const pick = random(profile.length);
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = textOf(pick, lengthOf(pick, round));
      const claims = { sub: '7', name, [`x${textOf(pick, 3)}`]: [name.slice(0, 50), { y: name.length }] };
      const headers = { cookie: cookieFor(site, claims) };
      const { iat, exp, jti, ...token } = await site.getToken(headers);
      assert.deepEqual(token, claims, `round ${round}`);
      assert.equal((await site.getSession(headers)).user.name, name, `round ${round}`);
      const { session } = await site.checkSession(headers);
      assert.equal(session.user.name, name, `round ${round}`);
    }
  });
}

test('a header has characters up to U+00FF, which are its bytes', async () => {
  const site = siteOf();
  const pick = random(3);
  const own = cookieFor(site);
  for (let round = 0; round < ROUNDS; round += 1) {
    let other = '';
    for (let i = 0; i < round % 90; i += 1) other += String.fromCharCode(pick(0x100));
    other = other.replace(/[;\r\n\0]/g, 'x');
    assert.equal((await site.getSession({ cookie: `a=${other}; ${own}` }))?.user.name, 'Ann', JSON.stringify(other));
    const wide = `a=${other}${String.fromCharCode(0x100 + pick(0xff00))}; ${own}`;
    await assert.rejects(site.getSession({ cookie: wide }), (error) => error instanceof TypeError && /U\+00FF/.test(error.message));
  }
});
