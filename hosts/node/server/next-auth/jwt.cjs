'use strict';

module.exports = require('../../next-auth/jwt.cjs');
