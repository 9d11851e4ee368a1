'use strict';

module.exports = require('../../authjs/jwt.cjs');
