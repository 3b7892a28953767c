// A parameter as a thin line with a thumb, its name before it and its value behind.
#pragma once

#include "widget.h"

// How a parameter's range lies on a line from 0 to 1, and its value as words.
float place_of(const Row& row, float value);
float value_at(const Row& row, float place);
void words(const Row& row, float value, char* text, size_t size);

class Slider : public Widget {
  public:
    enum Look { NAMED, BARE, LARGE };  // BARE: the line alone
    Slider(Desk& one, int index, Look look = NAMED, const char* name = nullptr)
        : Widget(one), index(index), look(look), name(name ? name : ROWS[index].label) {}

    void draw(Vg vg, bool focused, bool under) override;
    void press(const Press& at) override;
    void drag(const Press& at) override;
    void release() override;
    void scroll(float steps, const Press& at) override;
    bool key(Key key, bool fine) override;
    const char* says() const override { return ROWS[index].summary; }
    int turned() const override { return index; }

    const int index;
    float least = 0, most = 1;  // the part of the range that the line shows, as places

  private:
    const Look look;
    const char* const name;
    float held = 0, from = 0;  // place and pointer when it was pressed

    Box track() const;
    float place() const;
    void go(float place);
};
