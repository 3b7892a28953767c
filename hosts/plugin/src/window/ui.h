// The window as DPF's UI. ui_vst3.cpp and ui_clap.cpp hold it, as vst3.cpp and clap.cpp hold the plug-in.
#pragma once

static const double scaleFactor = 0;  // for DistrhoPluginInfo.h, where DPF has no variable of that name

// clang-format off
#include "plain.h"
#include "idle.h"
#include "DistrhoUIMain.cpp"
#undef try
#undef catch
// clang-format on

#include "screen.h"

START_NAMESPACE_DISTRHO

Instance* instance_of(void* plugin);  // dpf.h's

class MelismaUI : public Screen<UI> {
  public:
    MelismaUI() : Screen<UI>([](UI* ui) { return instance_of(ui->getPluginInstancePointer()); }, WIDE, TALL) {
        double scale = getScaleFactor();
        setSize(static_cast<uint>(WIDE * scale), static_cast<uint>(TALL * scale));
        setGeometryConstraints(static_cast<uint>(LEAST_WIDE * scale), static_cast<uint>(LEAST_TALL * scale));
    }

  protected:
    // Desk
    void edit(int index, bool begins) override { editParameter(static_cast<uint32_t>(index), begins); }
    void set(int index, float value) override { setParameterValue(static_cast<uint32_t>(index), value); }

    // UI: the plug-in itself is asked what there is
    void parameterChanged(uint32_t, float) override {}
    void stateChanged(const char*, const char*) override {}
    void uiIdle() override { idle(); }

    DISTRHO_DECLARE_NON_COPYABLE_WITH_LEAK_DETECTOR(MelismaUI)
};

UI* createUI() { return new MelismaUI; }

END_NAMESPACE_DISTRHO
