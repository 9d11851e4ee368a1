'use strict';

module.exports = require('../../next-auth/index.cjs');
