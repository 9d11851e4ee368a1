'use strict';

module.exports = { ...require('./next.cjs') };
