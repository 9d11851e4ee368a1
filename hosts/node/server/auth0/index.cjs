'use strict';

module.exports = require('../../auth0/index.cjs');
