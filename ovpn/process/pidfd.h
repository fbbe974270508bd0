// <sys/pidfd.h> for C++: glibc 2.36 declares its functions without C linkage.
#pragma once

#include <signal.h>
#include <sys/types.h>

extern "C" {
#include <sys/pidfd.h>
}
