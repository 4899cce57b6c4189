/*
 * sim/pause.h - a wait that ends when the simulator stops or the client goes away.
 */
#ifndef SIM_PAUSE_H
#define SIM_PAUSE_H

#include <stdbool.h>

struct pause {
	int stop;   /* borrowed: readable once the simulator stops */
	int socket; /* borrowed: the client's */
};

#define PAUSE_FOREVER (-1.0)

/* true after `seconds`; false, at once, when the simulator stops or the client hangs up. */
bool pause_for(const struct pause *p, double seconds);

#endif
