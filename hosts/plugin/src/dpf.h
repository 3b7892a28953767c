// The plug-in as DPF's class. vst3.cpp and clap.cpp hold it, each in a namespace of its own, so that one file
// has both formats.
//
// DPF and this are compiled without exceptions, as the core is: nothing here throws.
#include <algorithm>
#include <map>
#include <vector>

// clang-format off
#define try if (true)
#define catch(...) else if (false)
#if MELISMA_WINDOW
#include "window/idle.h"
#endif
#include "DistrhoPluginMain.cpp"
#undef try
#undef catch
// clang-format on

#include "instance.h"

START_NAMESPACE_DISTRHO

constexpr const char* STATE_KEY = "state";

class MelismaPlugin : public Plugin {
  public:
    MelismaPlugin()
        : Plugin(PARAMETER_COUNT, 0, 1), x(instance_new(static_cast<int>(getSampleRate() + 0.5))) {}
    ~MelismaPlugin() override { instance_free(x); }

  protected:
    const char* getLabel() const override { return MELISMA_INSTRUMENT ? "MelismaInstrument" : "Melisma"; }
    const char* getMaker() const override { return "Melisma"; }
    const char* getLicense() const override { return "MIT"; }
    const char* getDescription() const override {
        return MELISMA_INSTRUMENT ? "Notes in a learned timbre" : "A sound in a learned timbre";
    }
    uint32_t getVersion() const override { return d_version(MELISMA_PACKAGE); }
    int64_t getUniqueId() const override {
        return MELISMA_INSTRUMENT ? d_cconst('M', 'e', 'l', 'I') : d_cconst('M', 'e', 'l', 'E');
    }

    void initAudioPort(bool input, uint32_t index, AudioPort& port) override {
        port.groupId = kPortGroupStereo;
        Plugin::initAudioPort(input, index, port);
    }

    void initParameter(uint32_t index, Parameter& p) override {
        const Row& row = ROWS[index];
        if (static_cast<int>(index) == BYPASS) return p.initDesignation(kParameterDesignationBypass);
        p.hints = index == STATUS ? kParameterIsOutput : index == MODEL ? 0 : kParameterIsAutomatable;
        if (row.whole)
            p.hints |= row.minimum == 0 && row.maximum == 1 ? kParameterIsBoolean | kParameterIsInteger
                                                            : kParameterIsInteger;
        if (row.logarithmic) p.hints |= kParameterIsLogarithmic;
        p.name = row.label;
        p.symbol = row.symbol;
        p.unit = row.unit;
        p.description = row.summary;
        p.ranges.min = row.minimum;
        p.ranges.max = row.maximum;
        p.ranges.def = row.default_value;
        if (index == STATUS) name(p, STATUS_COUNT);
        if (index == MODEL && x) {
            p.ranges.def = instance_get(x, MODEL);
            p.ranges.max = static_cast<float>(x->known.count > 1 ? x->known.count : 1);
            name(p, static_cast<uint8_t>(p.ranges.max) + 1);
            models = p.enumValues.values;
            name_models();
        }
    }

    void initState(uint32_t, State& state) override {
        state.key = STATE_KEY;
        state.label = "Model and settings";
        state.hints = kStateIsOnlyForDSP;
    }

    float getParameterValue(uint32_t index) const override {
        return x ? instance_get(x, static_cast<int>(index)) : 0;
    }
    void setParameterValue(uint32_t index, float value) override {
        if (x) instance_set(x, static_cast<int>(index), value);
    }

    String getState(const char*) const override {
        if (!x) return String();
        size_t size = instance_state(x, nullptr, 0) + 4096;
        char* text = static_cast<char*>(std::malloc(size));
        if (!text) return String();
        instance_state(x, text, size);
        return String(text, false);
    }

    void setState(const char*, const char* value) override {
        if (!x || !*value) return;
        instance_restore(x, value, true);
        name_models();
    }

    void activate() override {
        if (!x) return;
        instance_activate(x, static_cast<int>(getSampleRate() + 0.5));
        setLatency(static_cast<uint32_t>(instance_latency(x)));
    }
    void deactivate() override {
        if (x) instance_deactivate(x);
    }

    void run(const float** in, float** out, uint32_t n, const MidiEvent* events, uint32_t count) override {
        for (uint32_t i = 0; x && i < count; i++)
            if (events[i].size <= MidiEvent::kDataSize)
                instance_note(x, events[i].frame, events[i].data, events[i].size);
        if (x) {
            instance_process(x, in, out, n);
            setLatency(static_cast<uint32_t>(instance_latency(x)));
        } else {
            for (int c = 0; c < CHANNELS; c++) std::memset(out[c], 0, n * sizeof(float));
        }
    }

  private:
    friend Instance* instance_of(void* plugin);
    Instance* x;
    ParameterEnumerationValue* models = nullptr;  // DPF's, within its list of parameters

    static void name(Parameter& p, uint8_t count) {
        p.enumValues.count = count;
        p.enumValues.restrictedMode = true;
        p.enumValues.values = new ParameterEnumerationValue[count];
        for (uint8_t i = 0; i < count; i++) {
            p.enumValues.values[i].value = i;
            p.enumValues.values[i].label = i < STATUS_COUNT ? STATUS_NAMES[i] : "";
        }
    }

    void name_models() {
        for (int i = 0; models && i <= (x->known.count > 1 ? x->known.count : 1); i++) {
            const char* text = instance_choice(x, i);
            models[i].label = *text ? text : "(your own file)";
        }
    }

    DISTRHO_DECLARE_NON_COPYABLE_WITH_LEAK_DETECTOR(MelismaPlugin)
};

Plugin* createPlugin() { return new MelismaPlugin; }

Instance* instance_of(void* plugin) {
    return plugin ? static_cast<MelismaPlugin*>(static_cast<Plugin*>(plugin))->x : nullptr;
}

END_NAMESPACE_DISTRHO
