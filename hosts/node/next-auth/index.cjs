'use strict';

const NextAuth = require('./nextauth.cjs');

module.exports = Object.assign(NextAuth, { default: NextAuth, ...require('./next.cjs') });
