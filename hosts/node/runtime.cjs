'use strict';

module.exports = require('./lib/runtime.cjs');
