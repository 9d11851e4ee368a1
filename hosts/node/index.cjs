'use strict';

const { createSite, Site } = require('./lib/site.cjs');
const { SiteError, UsherError } = require('./lib/errors.cjs');
const { info } = require('./lib/native.cjs');

module.exports = { createSite, Site, SiteError, UsherError, info };
