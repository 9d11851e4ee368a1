/* usher/usher.h - everything of libusher. libusher-io is in usher/drive.h. */
#ifndef USHER_USHER_H
#define USHER_USHER_H

#include "usher/base.h"
#include "usher/cause.h"
#include "usher/exchange.h"
#include "usher/session.h"
#include "usher/site.h"

#endif
