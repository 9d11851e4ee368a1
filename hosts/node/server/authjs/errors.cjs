'use strict';

module.exports = require('../../authjs/errors.cjs');
