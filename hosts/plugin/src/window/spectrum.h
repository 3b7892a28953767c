// The log-mel of what is heard, going by to the left, and the output's level beside it.
#pragma once

#include "history.h"
#include "widget.h"

constexpr float TURNS = 116;  // width of what is turned beside the rows, and of the level above it

class Spectrum : public Widget {
  public:
    Spectrum(Desk& one, History& history) : Widget(one), history(history) {}
    void draw(Vg vg, bool focused, bool under) override;
    bool takes_keys() const override { return false; }
    const char* says() const override {
        return "what is heard: time goes to the left, low below, what is bright is loud";
    }

  private:
    History& history;
    int image = 0, width = 0, height = 0;

    void meter(Vg vg, const Box& place) const;
};
