'use strict';

module.exports = require('../../authjs/index.cjs');
