// The path: a row for each latent, going by, and beside it what moves it.
#pragma once

#include <memory>

#include "history.h"
#include "slider.h"

// One row. Its slider is its latent's bias; pressed in the path, the row moves it, too.
class RowOf : public Widget {
  public:
    RowOf(Desk& one, History& history, int latent);
    void draw(Vg vg, bool focused, bool under) override;
    void press(const Press& at) override { bias.press(at); }
    void drag(const Press& at) override { bias.drag(at); }
    void release() override { bias.release(); }
    void scroll(float steps, const Press& at) override { bias.scroll(steps, at); }
    bool key(Key key, bool fine) override { return bias.key(key, fine); }
    const char* says() const override { return sentence; }
    int turned() const override { return bias.index; }

  private:
    History& history;
    const int latent;
    Slider bias;
    char sentence[160];

    void path(Vg vg, const Box& place, float less, uint32_t rgb, float width) const;
};
