'use strict';

const { createSite, Site } = require('./lib/site.cjs');
const { SiteError, UsherError } = require('./lib/errors.cjs');
const { upstream } = require('./lib/counts.cjs');
const native = require('./lib/native.cjs');

/** Which engine and which libcrypto are in use, and what was counted. */
const info = () => ({ ...native.info(), upstream: { ...upstream } });

module.exports = { createSite, Site, SiteError, UsherError, info };
