// What lies in the window. A widget draws itself into its box and says what hands do to it; the panel sends
// it what happens there. All numbers are in points, which the window's scale makes pixels of.
#pragma once

#include "desk.h"
#include "style.h"

struct Press {
    float x, y;
    bool fine;   // Shift or Control: a tenth of the way
    bool twice;  // a second press at once: back to what is usual
};

enum class Key { LEFT, RIGHT, UP, DOWN, HOME, END, ENTER, ERASE, ESCAPE };

class Widget {
  public:
    explicit Widget(Desk& one) : desk(one) {}
    virtual ~Widget() = default;

    Box box{};
    bool shown = true;

    // focused: keys come here. under: the pointer is over it.
    virtual void draw(Vg vg, bool focused, bool under) = 0;
    virtual void press(const Press&) {}
    virtual void drag(const Press&) {}
    virtual void release() {}
    virtual void scroll(float, const Press&) {}
    virtual bool key(Key, bool /* fine */) { return false; }
    virtual bool takes_keys() const { return true; }
    virtual void point(float, float) {}              // the pointer is here
    virtual const char* says() const { return ""; }  // a sentence on what it does
    virtual int turned() const { return -1; }        // the parameter that a controller would turn

  protected:
    Desk& desk;
};

constexpr const char* WAITS = "move a knob";  // where a parameter learns its controller

// The ring around what has the keys.
inline void ring(Vg vg, const Box& box, bool focused, float round = 4) {
    if (focused) frame(vg, box.in(-3), ACCENT, 1, round, 1.5f);
}
