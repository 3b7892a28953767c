// The whole window: its widgets, where they lie, and which of them hands and keys go to. It knows nothing of
// the format or of the system.
#pragma once

#include <memory>
#include <vector>

#include "button.h"
#include "history.h"
#include "list.h"
#include "rows.h"
#include "slider.h"
#include "spectrum.h"
#include "square.h"
#include "system.h"
#include "title.h"

class Panel {
  public:
    explicit Panel(Desk& desk);
    ~Panel();

    // Some 30 times a second: what has changed is taken in. → whether there is anything new to draw
    bool tick();
    void draw(Vg vg, float width, float height);  // points

    // → whether it was meant for something here
    bool press(float x, float y, bool fine, double seconds);
    bool release();
    bool learn(float x, float y);  // the other button: a controller shall turn what is there, or no longer
    bool point(float x, float y, bool fine);
    bool scroll(float x, float y, float steps, bool fine);
    bool key(Key key, bool fine);
    bool next(bool back);  // the keys go to the next widget

    // Something is dragged over the window, and dropped: a model's file, or what this sentence says of it.
    void hover(bool above);
    void choose_file(const char* path);
    void refuse(const char* sentence);

  private:
    Desk& desk;
    History history;
    std::vector<std::unique_ptr<Widget>> widgets;
    Title* title;
    Spectrum* spectrum;
    Square* square;
    Button *back, *hold, *across, *up, *original = nullptr;
    Slider* domain;
    std::vector<Widget*> rows, amounts, exciter;
    Widget* keys = nullptr;
    List list;
    Widget *held = nullptr, *under = nullptr, *focused = nullptr;
    char across_says[24], up_says[24];
    float wide = WIDE, tall = TALL, x = -1, y = -1;
    double pressed_at = -1;
    Widget* pressed = nullptr;
    std::string refused;  // until the next press or key
    bool hovered = false;
    int ticks = 0;
    bool changed = true;

    template <class T, class... Given>
    T* add(Given&&... given) {
        auto made = std::make_unique<T>(desk, std::forward<Given>(given)...);
        T* widget = made.get();
        widgets.push_back(std::move(made));
        return widget;
    }
    void add_amounts();
    void lay();
    void look();
    void say(Vg vg) const;
    void describe(const Widget& widget, char* says, size_t size) const;
    Widget* at(float x, float y);
    void ask_model(const Box& beside);
    void ask_latent(int side);
    void name_axes();
    bool value_is_own() const;
};
