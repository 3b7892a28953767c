// The square: two latents, and the sound's way over what the model learnt. Its ground is the domain, as dense
// as the two are in the training set; the line is where the sound has been, the dot where it is; the ring is
// what is added to both.
#pragma once

#include "history.h"
#include "widget.h"

class Square : public Widget {
  public:
    Square(Desk& one, History& history);
    void draw(Vg vg, bool focused, bool under) override;
    void press(const Press& at) override;
    void drag(const Press& at) override;
    void release() override;
    void scroll(float steps, const Press& at) override;
    bool key(Key key, bool fine) override;
    const char* says() const override { return sentence; }

    int latent(int side) const { return latents[side]; }  // 0: across, 1: up
    void choose(int side, int latent);
    bool follow();  // what a session says; → whether it is another than before

  private:
    History& history;
    int latents[2] = {-1, -1}, index[2];
    int image = 0;
    float painted[2][5]{};  // the percentiles of the ground
    float held[2]{}, from[2]{};
    char sentence[160] = "";

    void ground(Vg vg);
    void trail(Vg vg) const;
    void go(float x, float y);  // −1 to 1
    float place(int side) const;
};
