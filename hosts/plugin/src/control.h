// Who may change an instance's player, and what the control side does with it.
#pragma once

#include "instance.h"

void control_rest();             // half a millisecond
void control_take(Instance* x);  // wait until the player is nobody else's
bool control_try(Instance* x);   // the same without waiting
void control_leave(Instance* x);

// The control side, as long as it lives.
struct Control {
    Instance* x;
    explicit Control(Instance* one) : x(one) {
        pthread_mutex_lock(&x->control);
        control_take(x);
    }
    ~Control() {
        control_leave(x);
        pthread_mutex_unlock(&x->control);
    }
};

// For whoever has the player. What was chosen is loaded, what was loaded is put in; into the player, what was
// set.
void control_serve(Instance* x);
void control_settle(Instance* x);
