'use strict';

module.exports = require('../runtime.cjs');
