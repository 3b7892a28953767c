// The window in LV2: an X11 window (on Windows, Windows's) within the host's. It looks at the instance
// itself, so the host must run both in one process, as LV2's instance-access says.
#include <string.h>

// clang-format off
#include "plain.h"
#include "Application.hpp"
#include "NanoVG.hpp"
#include "Window.hpp"
#undef try
#undef catch
// clang-format on

#include "lv2/instance-access/instance-access.h"
#include "lv2/ui/ui.h"
#include "lv2ports.h"
#include "screen.h"

namespace {

namespace dgl = DGL_NAMESPACE;

struct Host {
    LV2UI_Write_Function write;
    LV2UI_Controller controller;
    const LV2UI_Touch* touch;  // null: the host wants no gestures
};

class Shown : public Screen<dgl::TopLevelWidget> {
  public:
    Shown(dgl::Window& window, Instance* x, const Host& host)
        : Screen([x](void*) { return x; }, window), host(host) {}

  protected:
    void edit(int index, bool begins) override {
        if (host.touch) host.touch->touch(host.touch->handle, static_cast<uint32_t>(FIRST + index), begins);
    }
    void set(int index, float value) override {
        if (index == BYPASS) value = 1 - value;  // LV2 has "enabled"
        host.write(host.controller, static_cast<uint32_t>(FIRST + index), sizeof value, 0, &value);
    }

  private:
    const Host host;
};

struct Ui {
    dgl::Application app;
    dgl::Window window;
    std::unique_ptr<Shown> shown;

    Ui(uintptr_t parent, double scale, Instance* x, const Host& host)
        : app(false),
          window(app, parent, static_cast<uint>(WIDE * scale), static_cast<uint>(TALL * scale), scale, true) {
        dgl::Window::ScopedGraphicsContext context(window);
        shown = std::make_unique<Shown>(window, x, host);
    }
    ~Ui() {
        dgl::Window::ScopedGraphicsContext context(window);
        shown.reset();
    }
};

LV2UI_Handle instantiate(const LV2UI_Descriptor*, const char*, const char*, LV2UI_Write_Function write,
                         LV2UI_Controller controller, LV2UI_Widget* widget,
                         const LV2_Feature* const* features) {
    uintptr_t parent = 0;
    Instance* x = nullptr;
    const LV2UI_Resize* resize = nullptr;
    Host host = {write, controller, nullptr};
    for (; features && *features; features++) {
        const char* uri = (*features)->URI;
        void* data = (*features)->data;
        if (!strcmp(uri, LV2_UI__parent)) parent = reinterpret_cast<uintptr_t>(data);
        if (!strcmp(uri, LV2_INSTANCE_ACCESS_URI)) x = lv2_instance(data);
        if (!strcmp(uri, LV2_UI__resize)) resize = static_cast<const LV2UI_Resize*>(data);
        if (!strcmp(uri, LV2_UI__touch)) host.touch = static_cast<const LV2UI_Touch*>(data);
    }
    if (!x || !parent || !system_shows()) return nullptr;
    Ui* ui = new Ui(parent, system_scale(0), x, host);
    *widget = reinterpret_cast<LV2UI_Widget>(ui->window.getNativeWindowHandle());
    if (resize)
        resize->ui_resize(resize->handle, static_cast<int>(ui->window.getWidth()),
                          static_cast<int>(ui->window.getHeight()));
    return ui;
}

void cleanup(LV2UI_Handle handle) { delete static_cast<Ui*>(handle); }

void port_event(LV2UI_Handle, uint32_t, uint32_t, uint32_t, const void*) {}  // the instance is looked at

int idle(LV2UI_Handle handle) {
    Ui* ui = static_cast<Ui*>(handle);
    ui->app.idle();
    ui->shown->idle();
    return 0;
}

int resized(LV2UI_Feature_Handle handle, int width, int height) {
    static_cast<Ui*>(handle)->window.setSize(static_cast<uint>(width), static_cast<uint>(height));
    return 0;
}

const void* extension(const char* uri) {
    static const LV2UI_Idle_Interface IDLE = {idle};
    static const LV2UI_Resize RESIZE = {nullptr, resized};
    return !strcmp(uri, LV2_UI__idleInterface) ? static_cast<const void*>(&IDLE)
           : !strcmp(uri, LV2_UI__resize)      ? &RESIZE
                                               : nullptr;
}

const LV2UI_Descriptor DESCRIPTOR = {DISTRHO_PLUGIN_URI "#window", instantiate, cleanup, port_event,
                                     extension};

}  // namespace

LV2_SYMBOL_EXPORT const LV2UI_Descriptor* lv2ui_descriptor(uint32_t index) {
    return index == 0 ? &DESCRIPTOR : nullptr;
}
