'use strict';

module.exports = require('../../next-auth/next.cjs');
