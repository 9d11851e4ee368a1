'use strict';

module.exports = require('../lib/auth0-errors.cjs');
