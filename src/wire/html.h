/* html - text into HTML: element content and double-quoted attribute values, nothing else. */
#ifndef USHER_WIRE_HTML_H
#define USHER_WIRE_HTML_H

#include "base/buf.h"
#include "usher/base.h"

/* Escapes & < > " ' and drops control characters other than tab and line feed; invalid UTF-8
 * becomes U+FFFD. Safe in element content and in a double-quoted attribute. */
void usher_html_put(usher_buf *b, usher_str text);

#endif
