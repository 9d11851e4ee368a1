'use strict';

module.exports = require('../../next-auth/middleware.cjs');
