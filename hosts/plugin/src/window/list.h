// A list over the window, of which one line is chosen: the models, the latents, the files of a folder.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "widget.h"

struct Line {
    std::string says;
    bool quiet;  // a title or a way out, not a thing
};

class List : public Widget {
  public:
    explicit List(Desk& one) : Widget(one) { shown = false; }

    // Below `beside`, within `room`. chosen(-1): it was closed without a choice. It may open another.
    void open(const Box& beside, const Box& room, std::vector<Line> lines, int now,
              std::function<void(int)> chosen, std::string title = "");
    void close();

    void draw(Vg vg, bool focused, bool under) override;
    void press(const Press& at) override;
    void scroll(float steps, const Press& at) override;
    bool key(Key key, bool fine) override;
    void point(float x, float y) override;

  private:
    std::vector<Line> lines;
    std::function<void(int)> chosen;
    std::string title;
    int now = -1, at = -1, first = 0;

    int fitting() const;
    int line_at(float x, float y) const;
    void choose(int index);
};
