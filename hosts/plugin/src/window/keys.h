// The instrument's keyboard, played with the pointer: lower down on a key is louder.
#pragma once

#include "widget.h"

class Keys : public Widget {
  public:
    explicit Keys(Desk& one) : Widget(one) {}
    ~Keys() override { release(); }
    void draw(Vg vg, bool focused, bool under) override;
    void press(const Press& at) override;
    void drag(const Press& at) override;
    void release() override;
    void scroll(float steps, const Press& at) override;
    bool key(Key key, bool fine) override;
    const char* says() const override {
        return "play: lower down is louder; the wheel goes through the octaves";
    }

  private:
    int lowest = 48, down = -1;  // MIDI notes; lowest is a C

    Box key_of(int note) const;
    int note_at(float x, float y) const;
    void play(int note, int velocity);
};
