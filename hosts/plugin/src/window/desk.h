// What the widgets work at: the parameters as a host sees them, and the plug-in itself for what a host does
// not.
#pragma once

#include "../instance.h"

class Desk {
  public:
    explicit Desk(Instance* one) : x(one) { read(); }
    virtual ~Desk() = default;

    Instance* const x;
    Look look{};

    float value(int index) const { return shown[index]; }

    // Controllers: which turns it, −1 if none; whether the next one will; whether one can.
    int controller(int index) const { return index < 0 ? -1 : turns[index] - 1; }
    bool learns(int index) const { return index >= 0 && index == learning; }
    static bool learnable(int index) { return index >= 0 && *ROWS[index].name; }

    // A hand is put on a parameter, moves it, lets go. In between it is where the hand is, whatever comes
    // back.
    void take(int index) {
        held[index] = true;
        edit(index, true);
    }
    void move(int index, float value) {
        const Row& row = ROWS[index];
        value = value < row.minimum ? row.minimum : value > row.maximum ? row.maximum : value;
        if (value == shown[index]) return;
        shown[index] = value;
        set(index, value);
    }
    void let(int index) {
        held[index] = false;
        edit(index, false);
    }
    void put(int index, float value) {
        take(index);
        move(index, value);
        let(index);
    }

    // Whatever the host or its automation set is seen from now on. → whether there was anything
    bool read() {
        bool any = x && learning != x->learning;
        if (any) learning = x->learning;
        for (int i = 0; x && i < PARAMETER_COUNT; i++) {
            int bound = x->bound[i];
            any |= bound != turns[i];
            turns[i] = bound;
            uint32_t count = x->sets[i];
            float now = instance_get(x, i);
            if (now == known[i] && count == counted[i]) continue;
            known[i] = now;
            counted[i] = count;
            if (!held[i]) shown[i] = now;
            any = true;
        }
        return any;
    }

  protected:
    virtual void edit(int index, bool begins) = 0;
    virtual void set(int index, float value) = 0;

  private:
    float shown[PARAMETER_COUNT]{}, known[PARAMETER_COUNT]{};
    uint32_t counted[PARAMETER_COUNT]{};
    bool held[PARAMETER_COUNT]{};
    int turns[PARAMETER_COUNT]{}, learning = -1;
};

// A parameter by its symbol; −1: this plug-in has none of that name.
int parameter(const char* symbol);
