/* doc - the table of settings as people and programs read it. */
#ifndef USHER_SITE_DOC_H
#define USHER_SITE_DOC_H

#include "base/buf.h"

#define USHER_SETTINGS_DOC_MAX (1u << 20)

void usher_settings_markdown(usher_buf *b);   /* docs/settings.md */
void usher_settings_man(usher_buf *b);        /* usherd.yaml(5) */
void usher_settings_table_json(usher_buf *b); /* for programs that make types and forms of it */

#endif
