// The panel as a widget of DGL's, whatever holds it: DPF's UI for VST3 and CLAP, a window of ours for LV2.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>

#include "NanoVG.hpp"
#include "TopLevelWidget.hpp"
#include "drop.h"
#include "panel.h"

template <class Base>
class Screen : public Base, public Desk {
  public:
    // of: from the widget to the instance that it shows, which is null where the host keeps the two apart
    template <class Of, class... Given>
    explicit Screen(Of of, Given&&... given)
        : Base(std::forward<Given>(given)...), Desk(of(static_cast<Base*>(this))) {
        if (!x || !this->getWindow().getNativeWindowHandle())
            return;  // no display, or no OpenGL: an empty shell
        vg = std::make_unique<DGL_NAMESPACE::NanoVG>(DGL_NAMESPACE::NanoVG::CREATE_ANTIALIAS);
        if (!vg->getContext()) return;
        letters(vg->getContext());
        panel = std::make_unique<Panel>(*this);
        drop = std::make_unique<Drop>(this->getWindow().getNativeWindowHandle(),
                                      Drop::Heard{[this](bool above) { panel->hover(above); },
                                                  [this](const char* path) { panel->choose_file(path); },
                                                  [this](const char* sentence) { panel->refuse(sentence); }});
    }

    // Called often, and as soon as something was drawn. Draws 30 times a second, or less where that would
    // take more than a quarter of the thread: OpenGL may be software here.
    void idle() {
        double now = seconds();
        if (drawn >= 0) pause = std::min(0.2, std::max(0.03, 3 * (now - drawn)));
        drawn = -1;
        if (drop) drop->poll();
        if (!panel || now - last < pause) return;
        last = now;
        if (panel->tick()) this->repaint();
    }

  protected:
    using DGL = DGL_NAMESPACE::Widget;

    void onDisplay() override {
        if (!panel) return;
        drawn = seconds();
        Vg context = vg->getContext();
        float width = static_cast<float>(this->getWidth()), height = static_cast<float>(this->getHeight());
        nvgBeginFrame(context, width, height, 1);
        nvgScale(context, scale(), scale());
        panel->draw(context, width / scale(), height / scale());
        nvgEndFrame(context);
    }

    bool onMouse(const DGL::MouseEvent& event) override {
        if (panel && event.button == DGL_NAMESPACE::kMouseButtonRight)
            return event.press && panel->learn(across(event), down(event));
        if (!panel || event.button != DGL_NAMESPACE::kMouseButtonLeft) return false;
        return event.press ? panel->press(across(event), down(event), fine(event), seconds())
                           : panel->release();
    }
    bool onMotion(const DGL::MotionEvent& event) override {
        return panel && panel->point(across(event), down(event), fine(event));
    }
    bool onScroll(const DGL::ScrollEvent& event) override {
        return panel &&
               panel->scroll(across(event), down(event), static_cast<float>(event.delta.getY()), fine(event));
    }
    bool onKeyboard(const DGL::KeyboardEvent& event) override {
        if (!panel || !event.press) return false;
        namespace at = DGL_NAMESPACE;
        switch (event.key) {
            case '\t':
                return panel->next(event.mod & at::kModifierShift);
            case at::kKeyLeft:
                return panel->key(Key::LEFT, fine(event));
            case at::kKeyRight:
                return panel->key(Key::RIGHT, fine(event));
            case at::kKeyUp:
                return panel->key(Key::UP, fine(event));
            case at::kKeyDown:
                return panel->key(Key::DOWN, fine(event));
            case at::kKeyHome:
                return panel->key(Key::HOME, fine(event));
            case at::kKeyEnd:
                return panel->key(Key::END, fine(event));
            case '\r':
                return panel->key(Key::ENTER, fine(event));
            case at::kKeyEscape:
                return panel->key(Key::ESCAPE, fine(event));
            case at::kKeyBackspace:
            case at::kKeyDelete:
                return panel->key(Key::ERASE, fine(event));
            default:
                return false;  // the host's: space starts it
        }
    }

  private:
    std::unique_ptr<DGL_NAMESPACE::NanoVG> vg;  // outlives the panel
    std::unique_ptr<Panel> panel;
    std::unique_ptr<Drop> drop;
    double last = 0, drawn = -1, pause = 0.03;  // seconds; drawn: when drawing began, until idle() is called

    float scale() const { return static_cast<float>(this->getScaleFactor()); }
    template <class Event>
    float across(const Event& event) const {
        return static_cast<float>(event.pos.getX()) / scale();
    }
    template <class Event>
    float down(const Event& event) const {
        return static_cast<float>(event.pos.getY()) / scale();
    }
    static bool fine(const DGL::BaseEvent& event) {
        return event.mod & (DGL_NAMESPACE::kModifierShift | DGL_NAMESPACE::kModifierControl);
    }
    static double seconds() {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }
};
