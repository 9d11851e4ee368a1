'use strict';

module.exports = require('../../auth0/errors.cjs');
