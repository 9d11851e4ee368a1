'use strict';

/** What the configured runtime asked of its upstream since the process began; `outages` gave no answer. */
const upstream = { asked: 0, outages: 0 };

module.exports = { upstream };
