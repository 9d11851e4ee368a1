/* doc - the table of settings as people and programs read it. */
#ifndef USHER_SITE_DOC_H
#define USHER_SITE_DOC_H

#include "base/buf.h"

#define USHER_SETTINGS_DOC_MAX (1u << 20)

void usher_settings_markdown(usher_buf *b);   /* docs/settings.md */
void usher_settings_man(usher_buf *b);        /* usherd.yaml(5) */
void usher_settings_types(usher_buf *b);      /* hosts/node/settings.d.ts */
void usher_settings_table_json(usher_buf *b); /* for programs that make forms of it */

#endif
