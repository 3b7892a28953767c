// The sentence at the top, whose last word is the menu of models, and under it how it is with the model.
#pragma once

#include <functional>

#include "list.h"

class Title : public Widget {
  public:
    // ask: open the menu below this box
    Title(Desk& one, std::function<void(const Box&)> ask) : Widget(one), ask(std::move(ask)) {}
    void draw(Vg vg, bool focused, bool under) override;
    void press(const Press& at) override {
        if (name.has(at.x, at.y)) ask(name);
    }
    bool key(Key key, bool fine) override;
    const char* says() const override { return "choose a model, or a file of your own"; }

  private:
    const std::function<void(const Box&)> ask;
    Box name{};
};

// One sentence on the model: what plays, or what is the matter. → whether something is the matter
bool told_of(const Look& look, char* text, size_t size);
