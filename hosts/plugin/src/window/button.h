// What is pressed: a parameter that is on or off, or a deed.
#pragma once

#include <functional>

#include "widget.h"

class Button : public Widget {
  public:
    // index: the parameter that it turns on and off; −1: `deed` alone.
    Button(Desk& one, const char* name, const char* sentence, int index, std::function<void()> deed = {})
        : Widget(one), name(name), sentence(sentence), index(index), deed(std::move(deed)) {}

    void draw(Vg vg, bool focused, bool under) override;
    void press(const Press& at) override;
    bool key(Key key, bool fine) override;
    int turned() const override { return index; }
    const char* says() const override { return sentence; }

    const char* name;

  private:
    const char* const sentence;
    const int index;
    const std::function<void()> deed;
};
